//! What a `SecretId` stands for.

use serde_json::json;

use crate::client::{Client, administrator};

const PREFIX: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:";

async fn value(client: &Client, secret_id: &str) -> Result<String, String> {
    let answer = client
        .call("GetSecretValue", json!({"SecretId": secret_id}))
        .await;
    answer
        .map(|answer| answer["SecretString"].as_str().unwrap().to_owned())
        .map_err(|(code, _)| code)
}

#[tokio::test]
async fn names_arns_and_partial_arns() {
    let client = administrator().await;
    let arn = client.secret("app/db", "db").await;
    let suffix = arn.rsplit('-').next().unwrap().to_owned();
    assert_eq!(arn, format!("{PREFIX}app/db-{suffix}"));
    assert!(suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    // Names that look like something else.
    let hyphened = client.secret("MySecret-abcdef", "hyphened").await;
    client.secret(&format!("app/db-{suffix}"), "decoy").await;

    let not_found = || Err("ResourceNotFoundException".to_owned());
    let invalid = || Err("ValidationException".to_owned());
    let found = |value: &str| Ok(value.to_owned());
    for (secret_id, want) in [
        ("app/db".to_owned(), found("db")),
        (arn.clone(), found("db")),
        (format!("{PREFIX}app/db"), found("db")),
        ("APP/db".to_owned(), not_found()),
        // A bare name is only ever a name.
        (format!("app/db-{suffix}"), found("decoy")),
        ("app/db-AbCdEf".to_owned(), not_found()),
        // What looks like a whole ARN is one.
        (format!("{PREFIX}app/db-AbCdEf"), not_found()),
        ("MySecret-abcdef".to_owned(), found("hyphened")),
        (format!("{PREFIX}MySecret-abcdef"), not_found()),
        (hyphened, found("hyphened")),
        // Of elsewhere, or of nothing.
        (arn.replace("us-east-1", "eu-west-1"), not_found()),
        (arn.replace(":secret:", ":other:"), invalid()),
        (arn.replace("secretsmanager", "kms"), invalid()),
        (arn.replace("arn:aws:", "arn:aws-cn:"), invalid()),
        (PREFIX.to_owned(), invalid()),
        ("a b".to_owned(), invalid()),
        ("a:b".to_owned(), invalid()),
    ] {
        assert_eq!(value(&client, &secret_id).await, want, "{secret_id}");
    }
}

#[tokio::test]
async fn names_that_may_be_given() {
    let client = administrator().await;
    let longest = "x".repeat(512);
    for name in ["a", "/", "//a//", "-/_+=.@", &longest] {
        client
            .ok(
                "CreateSecret",
                json!({"Name": name, "ClientRequestToken": "t".repeat(32)}),
            )
            .await;
        assert_eq!(client.describe(name).await["Name"], name);
    }
    for name in ["", "a!b", "a b", "ä", "a:b", "a#", &"x".repeat(513)] {
        let input = json!({"Name": name, "ClientRequestToken": "t".repeat(32)});
        assert_eq!(
            client.code("CreateSecret", input).await,
            "ValidationException",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_name_used_again_has_another_arn() {
    let client = administrator().await;
    let first = client.secret("a", "one").await;
    let force = json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true});
    client.ok("DeleteSecret", force).await;
    let second = client.secret("a", "two").await;
    assert_ne!(first, second);
    assert_eq!(
        value(&client, &first).await.unwrap_err(),
        "ResourceNotFoundException"
    );
    assert_eq!(value(&client, &second).await.unwrap(), "two");
}
