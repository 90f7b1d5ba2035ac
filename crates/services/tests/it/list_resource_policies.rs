use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn default_is_there_while_a_policy_is() {
    let world = World::new().await;
    world.secret("a").await;
    let none = json!({"ResourcePolicies": []});
    assert_eq!(
        world
            .ok("ListResourcePolicies", json!({"SecretId": "a"}))
            .await,
        none
    );
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000001:root"},
            "Action": "secretsmanager:GetSecretValue", "Resource": "*",
        },
    });
    let put = json!({"SecretId": "a", "ResourcePolicy": policy.to_string()});
    world.ok("PutResourcePolicy", put).await;
    assert_eq!(
        world
            .ok(
                "ListResourcePolicies",
                json!({"SecretId": "a", "MaxResults": 1})
            )
            .await,
        json!({"ResourcePolicies": [{"PolicyName": "default"}]})
    );
    world
        .ok("DeleteResourcePolicy", json!({"SecretId": "a"}))
        .await;
    assert_eq!(
        world
            .ok("ListResourcePolicies", json!({"SecretId": "a"}))
            .await,
        none
    );
}

#[tokio::test]
async fn no_token_was_ever_given() {
    let world = World::new().await;
    world.secret("a").await;
    let input = json!({"SecretId": "a", "NextToken": "t"});
    let (code, _) = world.refused("ListResourcePolicies", input).await;
    assert_eq!(code, "InvalidNextTokenException");
    let (code, _) = world
        .refused("ListResourcePolicies", json!({"SecretId": "missing"}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}
