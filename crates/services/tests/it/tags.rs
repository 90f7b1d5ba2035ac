//! Tags of a request as policies see them.

use serde_json::{Value, json};

use crate::client::{Client, OWNER, administrator, policy, token, user};

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

/// A condition on a tag ignores the case of its key, so that a request with
/// `Team` and `team` must not be judged by one of them and do both.
#[tokio::test]
async fn keys_that_differ_in_case_alone_satisfy_no_condition() {
    let owner = administrator().await;
    owner.secret("a", "one").await;
    let blue = |operator: &str| {
        json!({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*",
            "Condition": {operator: {"aws:RequestTag/team": "blue"}}})
    };
    let not_red = json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "secretsmanager:TagResource", "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}},
    ]);
    let tag = |tags: &[(&str, &str)]| {
        let tags = tags
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}));
        json!({"SecretId": "a", "Tags": tags.collect::<Vec<_>>()})
    };
    for statement in [blue("StringEquals"), blue("StringEqualsIfExists"), not_red] {
        let ann = user(&owner.world, OWNER, "ann", &[&policy(&statement)]).await;
        let both = tag(&[("Team", "blue"), ("team", "red")]);
        let code = ann.code("TagResource", both).await;
        assert_eq!(code, "AccessDeniedException", "{statement}");
        ann.ok("TagResource", tag(&[("Team", "blue"), ("other", "red")]))
            .await;
    }
    // Where no policy asks, they are two tags like any others.
    owner
        .ok("TagResource", tag(&[("Team", "blue"), ("team", "red")]))
        .await;
}
