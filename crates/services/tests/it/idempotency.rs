//! Client request tokens: what repeats a call, what is another one, and what
//! happens when many come at once.

use std::{collections::BTreeSet, future::Future};

use serde_json::{Value, json};

use crate::client::{Client, Refused, administrator, assert_sound, problems, token};

const MISSING: &str =
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.";

fn refused(code: &str, message: impl Into<String>) -> Refused {
    (code.to_owned(), message.into())
}

fn in_use(token: &str, arn: &str) -> Refused {
    refused(
        "ResourceExistsException",
        format!(
            "You can't use ClientRequestToken {token} because that value is already in use for a \
             version of secret {arn}."
        ),
    )
}

fn create(name: &str, token: &str, value: &str) -> Value {
    json!({"Name": name, "ClientRequestToken": token, "SecretString": value})
}

fn put(token: &str, value: &str) -> Value {
    json!({"SecretId": "a", "ClientRequestToken": token, "SecretString": value})
}

#[tokio::test]
async fn writing_needs_a_token() {
    let client = administrator().await;
    client.secret("a", "one").await;
    for (operation, input) in [
        ("CreateSecret", json!({"Name": "b", "SecretString": "x"})),
        ("CreateSecret", json!({"Name": "b"})),
        (
            "PutSecretValue",
            json!({"SecretId": "a", "SecretString": "x"}),
        ),
        (
            "UpdateSecret",
            json!({"SecretId": "a", "SecretString": "x"}),
        ),
        // Even when no version comes of it.
        ("UpdateSecret", json!({"SecretId": "a", "Description": "x"})),
    ] {
        let want = refused("InvalidRequestException", MISSING);
        assert_eq!(
            client.refused(operation, input.clone()).await,
            want,
            "{operation} {input}"
        );
    }
    for token in ["x".repeat(31), "x".repeat(65)] {
        let code = client.code("PutSecretValue", put(&token, "x")).await;
        assert_eq!(code, "ValidationException");
    }
}

#[tokio::test]
async fn a_secret_is_created_once() {
    let client = administrator().await;
    let first = client
        .ok("CreateSecret", create("a", &token(1), "one"))
        .await;
    let before = client.describe("a").await;
    assert_eq!(
        client
            .ok("CreateSecret", create("a", &token(1), "one"))
            .await,
        first
    );

    // Token and value decide; the rest is neither compared nor applied.
    let mut other = create("a", &token(1), "one");
    other["Description"] = json!("other");
    other["Tags"] = json!([{"Key": "k", "Value": "v"}]);
    assert_eq!(client.ok("CreateSecret", other).await, first);
    assert_eq!(client.describe("a").await, before);

    let arn = first["ARN"].as_str().unwrap();
    let other_value = create("a", &token(1), "two");
    assert_eq!(
        client.refused("CreateSecret", other_value).await,
        in_use(&token(1), arn)
    );
    // "one" in base64: the same bytes, but not the same kind.
    let binary = json!({"Name": "a", "ClientRequestToken": token(1), "SecretBinary": "b25l"});
    assert_eq!(
        client.refused("CreateSecret", binary).await,
        in_use(&token(1), arn)
    );

    let exists = "The operation failed because the secret a already exists.";
    for input in [
        create("a", &token(2), "one"),
        create("a", &token(2), "two"),
        json!({"Name": "a", "ClientRequestToken": token(2)}),
    ] {
        let want = refused("ResourceExistsException", exists);
        assert_eq!(
            client.refused("CreateSecret", input.clone()).await,
            want,
            "{input}"
        );
    }
    assert_eq!(client.describe("a").await, before);
    assert_eq!(client.value("a").await, "one");
}

#[tokio::test]
async fn a_secret_without_a_value_is_created_once() {
    let client = administrator().await;
    let input = json!({"Name": "a", "ClientRequestToken": token(1)});
    let first = client.ok("CreateSecret", input.clone()).await;
    assert_eq!(first.get("VersionId"), None);
    assert_eq!(client.ok("CreateSecret", input).await, first);
    let other = json!({"Name": "a", "ClientRequestToken": token(2)});
    assert_eq!(
        client.code("CreateSecret", other).await,
        "ResourceExistsException"
    );
    assert_eq!(client.describe("a").await.get("VersionIdsToStages"), None);
}

#[tokio::test]
async fn a_version_is_put_once() {
    let client = administrator().await;
    let arn = client.secret("a", "one").await;
    let first = client.ok("PutSecretValue", put(&token(2), "two")).await;
    assert_eq!(first["VersionStages"], json!(["AWSCURRENT"]));
    client.put("a", &token(3), "three", None).await;
    let before = client.describe("a").await;

    // The labels of the version as it is now; those of the request are not
    // applied.
    let mut again = put(&token(2), "two");
    again["VersionStages"] = json!(["MINE"]);
    let answer = client.ok("PutSecretValue", again).await;
    assert_eq!(answer["VersionId"], json!(token(2)));
    assert_eq!(answer["VersionStages"], json!(["AWSPREVIOUS"]));
    assert_eq!(client.describe("a").await, before);

    assert_eq!(
        client
            .refused("PutSecretValue", put(&token(2), "other"))
            .await,
        in_use(&token(2), &arn)
    );
    let binary = json!({"SecretId": "a", "ClientRequestToken": token(2), "SecretBinary": "dHdv"});
    assert_eq!(
        client.refused("PutSecretValue", binary).await,
        in_use(&token(2), &arn)
    );
    assert_eq!(client.describe("a").await, before);

    // A version that nothing labels any more still has its token.
    let deprecated = client.ok("PutSecretValue", put(&token("a"), "one")).await;
    assert_eq!(deprecated.get("VersionStages"), None);
}

#[tokio::test]
async fn an_update_is_made_once() {
    let client = administrator().await;
    let arn = client.secret("a", "one").await;
    let first = client.ok("UpdateSecret", put(&token(2), "two")).await;
    assert_eq!(first["VersionId"], json!(token(2)));
    assert_eq!(
        client.ok("UpdateSecret", put(&token(2), "two")).await,
        first
    );
    let before = client.describe("a").await;

    // What is refused changes nothing of the rest either.
    let mut other = put(&token(2), "other");
    other["Description"] = json!("other");
    assert_eq!(
        client.refused("UpdateSecret", other).await,
        in_use(&token(2), &arn)
    );
    assert_eq!(client.describe("a").await, before);

    let metadata = json!({"SecretId": "a", "ClientRequestToken": token(2), "Description": "d"});
    let answer = client.ok("UpdateSecret", metadata).await;
    assert_eq!(answer.get("VersionId"), None);
    let nothing = json!({"SecretId": "a", "ClientRequestToken": token(9)});
    let answer = client.ok("UpdateSecret", nothing).await;
    assert_eq!(answer.get("VersionId"), None);
    assert_eq!(client.describe("a").await["Description"], "d");
    assert_eq!(client.stages("a").await.len(), 2);
}

/// Runs a call for each number at once.
async fn at_once<F>(count: usize, call: impl Fn(usize) -> F) -> Vec<Result<Value, Refused>>
where
    F: Future<Output = Result<Value, Refused>> + Send + 'static,
{
    let tasks: Vec<_> = (0..count)
        .map(|number| tokio::spawn(call(number)))
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// Calls `operation` once for each input, all at once.
async fn all_at_once(
    client: &Client,
    operation: &'static str,
    count: usize,
    input: impl Fn(usize) -> Value,
) -> Vec<Result<Value, Refused>> {
    at_once(count, |number| {
        let (client, input) = (client.clone(), input(number));
        async move { client.call(operation, input).await }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_creations_of_a_name_one_wins() {
    let client = administrator().await;
    for round in 0..20 {
        let name = format!("a{round}");
        let results = all_at_once(&client, "CreateSecret", 16, |number| {
            create(&name, &token(number), &format!("value {number}"))
        })
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        let winner = won[0].as_ref().unwrap();
        for refused in lost {
            let message = format!("The operation failed because the secret {name} already exists.");
            let want = ("ResourceExistsException".to_owned(), message);
            assert_eq!(refused.unwrap_err(), want);
        }
        let found = client.ok("GetSecretValue", json!({"SecretId": name})).await;
        assert_eq!(
            (&found["ARN"], &found["VersionId"]),
            (&winner["ARN"], &winner["VersionId"])
        );
    }
    assert_sound(&problems(&client.world).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_creation_many_times_at_once_is_one() {
    let client = administrator().await;
    let results = all_at_once(&client, "CreateSecret", 24, |_| {
        create("a", &token(1), "one")
    })
    .await;
    let answers: BTreeSet<String> = results
        .into_iter()
        .map(|result| result.unwrap().to_string())
        .collect();
    assert_eq!(answers.len(), 1);

    // One token with many values: one of them is the secret's.
    let results = all_at_once(&client, "CreateSecret", 24, |number| {
        create("b", &token(1), &format!("value {number}"))
    })
    .await;
    let arn = client.describe("b").await["ARN"]
        .as_str()
        .unwrap()
        .to_owned();
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for refused in lost {
        assert_eq!(refused.unwrap_err(), in_use(&token(1), &arn));
    }
    assert_sound(&problems(&client.world).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_values_at_once_all_become_versions() {
    let client = administrator().await;
    client.secret("a", "zero").await;
    let results = all_at_once(&client, "PutSecretValue", 40, |number| {
        put(&token(number), &format!("value {number}"))
    })
    .await;
    for result in results {
        result.unwrap();
    }
    let listed = json!({"SecretId": "a", "IncludeDeprecated": true});
    let versions = client.ok("ListSecretVersionIds", listed).await;
    assert_eq!(versions["Versions"].as_array().unwrap().len(), 41);
    assert_eq!(client.stages("a").await.len(), 2);
    assert_sound(&problems(&client.world).await);
}
