//! Bounds on the tags of a request.

use serde_json::{Value, json};

use crate::client::{Client, OWNER, administrator, token, user};

/// Whoever may do nothing is told so, unless there is too much to look at.
#[tokio::test]
async fn tags_are_counted_before_policies_compare_them() {
    let owner = administrator().await;
    owner.secret("a", "one").await;
    let nobody = user(&owner.world, OWNER, "ann", &[]).await;
    let keys = |count: usize| (0..count).map(|number| format!("key-{number}"));
    let tags = |count| -> Vec<Value> { keys(count).map(|key| json!({"Key": key})).collect() };
    let create = |count| json!({"Name": "b", "ClientRequestToken": token(1), "SecretString": "x", "Tags": tags(count)});
    let tag = |count| json!({"SecretId": "a", "Tags": tags(count)});
    let untag = |count| json!({"SecretId": "a", "TagKeys": keys(count).collect::<Vec<_>>()});
    for (operation, most, too_many) in [
        ("CreateSecret", create(50), create(51)),
        ("TagResource", tag(50), tag(51)),
        ("UntagResource", untag(200), untag(201)),
    ] {
        let code = |client: &Client, input: &Value| {
            let (client, input) = (client.clone(), input.clone());
            async move { client.code(operation, input).await }
        };
        assert_eq!(code(&nobody, &most).await, "AccessDeniedException");
        assert_eq!(code(&nobody, &too_many).await, "InvalidParameterException");
        owner.ok(operation, most).await;
        assert_eq!(code(&owner, &too_many).await, "InvalidParameterException");
    }
}
