//! Versions through the pipeline: their rows, their events, their limits.

use jiff::SignedDuration;
use serde_json::{Value, json};
use strongroom_services::tables::SecretValues;

use crate::client::{Client, administrator, assert_sound, outbox, problems, rows, token};

async fn events(client: &Client, name: &str) -> Vec<Value> {
    let lines = outbox(&client.world).await;
    let records = lines
        .iter()
        .map(|line| serde_json::from_slice::<Value>(line).unwrap());
    records
        .filter(|record| record["eventName"] == name)
        .collect()
}

#[tokio::test]
async fn old_versions_make_room_and_their_values_go_with_them() {
    let client = administrator().await;
    let arn = client.secret("a", "first").await;
    for number in 0..99 {
        client.put("a", &token(number), "value", None).await;
    }
    // A hundred in a day are too many.
    let input = json!({"SecretId": "a", "SecretString": "x", "ClientRequestToken": token("more")});
    assert_eq!(
        client.code("PutSecretValue", input.clone()).await,
        "LimitExceededException"
    );
    assert_eq!(
        client.code("UpdateSecret", input.clone()).await,
        "LimitExceededException"
    );
    assert_eq!(rows::<SecretValues>(&client.world).await.len(), 100);
    assert_eq!(
        events(&client, "SecretVersionDeletion").await,
        [Value::Null; 0]
    );

    client.world.clock.advance(SignedDuration::from_hours(25));
    client.ok("PutSecretValue", input).await;
    assert_eq!(rows::<SecretValues>(&client.world).await.len(), 100);
    let gone = json!({"SecretId": "a", "VersionId": token("a")});
    assert_eq!(
        client.code("GetSecretValue", gone).await,
        "ResourceNotFoundException"
    );
    let deletions = events(&client, "SecretVersionDeletion").await;
    assert_eq!(deletions.len(), 1);
    assert_eq!(
        deletions[0]["additionalEventData"],
        json!({"SecretId": arn})
    );
    assert_eq!(deletions[0]["eventType"], "AwsServiceEvent");
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn a_value_set_by_hand_abandons_a_rotation_on_record() {
    let client = administrator().await;
    client.secret("a", "one").await;
    client
        .put("a", &token(2), "pending", Some(&["AWSPENDING"]))
        .await;
    client.put("a", &token(3), "by hand", None).await;
    assert_eq!(events(&client, "RotationAbandoned").await.len(), 1);
    let labels: Vec<_> = client.stages("a").await.into_values().flatten().collect();
    assert_eq!(labels, ["AWSCURRENT", "AWSPREVIOUS"]);
}

#[tokio::test]
async fn versions_are_chosen_by_id_by_label_or_by_both() {
    let client = administrator().await;
    client.secret("a", "one").await;
    client.put("a", &token(2), "two", None).await;
    client.put("a", &token(3), "three", Some(&["MINE"])).await;
    for (chosen, want) in [
        (json!({}), "two"),
        (json!({"VersionStage": "AWSPREVIOUS"}), "one"),
        (json!({"VersionId": token(3)}), "three"),
        (
            json!({"VersionId": token(3), "VersionStage": "MINE"}),
            "three",
        ),
    ] {
        let mut input = chosen.clone();
        input["SecretId"] = json!("a");
        assert_eq!(
            client.ok("GetSecretValue", input).await["SecretString"],
            want,
            "{chosen}"
        );
    }
    let not_found = "Secrets Manager can't find the specified secret value for";
    let (by_label, by_id) = ("staging label: NONE", format!("VersionId: {}", token(9)));
    for (chosen, code, message) in [
        (
            json!({"VersionStage": "NONE"}),
            "ResourceNotFoundException",
            format!("{not_found} {by_label}"),
        ),
        (
            json!({"VersionId": token(9)}),
            "ResourceNotFoundException",
            format!("{not_found} {by_id}"),
        ),
        (
            json!({"VersionId": token(9), "VersionStage": "MINE"}),
            "ResourceNotFoundException",
            format!("{not_found} {by_id}"),
        ),
        (
            json!({"VersionId": token(2), "VersionStage": "MINE"}),
            "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId."
                .to_owned(),
        ),
    ] {
        let mut input = chosen;
        input["SecretId"] = json!("a");
        let want = (code.to_owned(), message);
        assert_eq!(client.refused("GetSecretValue", input).await, want);
    }
    // A secret without a value has no current one.
    client
        .ok(
            "CreateSecret",
            json!({"Name": "b", "ClientRequestToken": token(1)}),
        )
        .await;
    assert_eq!(
        client
            .refused("GetSecretValue", json!({"SecretId": "b"}))
            .await
            .1,
        format!("{not_found} staging label: AWSCURRENT")
    );
}

#[tokio::test]
async fn values_keep_their_kind_and_every_byte() {
    let client = administrator().await;
    client.secret("a", "text").await;
    let largest = "x".repeat(65_536);
    for (number, text) in ["\u{0}", "\"\\\n", "é日本🔒", " ", largest.as_str()]
        .iter()
        .enumerate()
    {
        client.put("a", &token(number), text, None).await;
        let answer = client.ok("GetSecretValue", json!({"SecretId": "a"})).await;
        assert_eq!(answer["SecretString"], *text);
        assert_eq!(answer.get("SecretBinary"), None);
    }
    let input = json!({"SecretId": "a", "SecretBinary": "AP/+", "ClientRequestToken": token("b")});
    client.ok("PutSecretValue", input).await;
    let answer = client.ok("GetSecretValue", json!({"SecretId": "a"})).await;
    assert_eq!(
        (&answer["SecretBinary"], answer.get("SecretString")),
        (&json!("AP/+"), None)
    );

    // The model counts characters, the limit is in bytes.
    for text in ["x".repeat(65_537), "é".repeat(32_769)] {
        let input =
            json!({"SecretId": "a", "SecretString": text, "ClientRequestToken": token("c")});
        assert_eq!(
            client.code("PutSecretValue", input).await,
            "ValidationException"
        );
    }
    for (members, code) in [
        (
            json!({"SecretString": "x", "SecretBinary": "eA=="}),
            "InvalidParameterException",
        ),
        (json!({}), "InvalidRequestException"),
        (json!({"SecretString": ""}), "ValidationException"),
    ] {
        let mut input = members;
        input["SecretId"] = json!("a");
        input["ClientRequestToken"] = json!(token("c"));
        assert_eq!(client.code("PutSecretValue", input).await, code);
    }
}

#[tokio::test]
async fn metadata_changes_alone() {
    let client = administrator().await;
    client.secret("a", "one").await;
    let update = |description: &str| json!({"SecretId": "a", "Description": description, "ClientRequestToken": token(2)});
    let before = client.describe("a").await;
    client.ok("UpdateSecret", update("some")).await;
    let after = client.describe("a").await;
    assert_eq!(after["Description"], "some");
    assert!(after["LastChangedDate"].as_f64() > before["LastChangedDate"].as_f64());
    assert_eq!(after["VersionIdsToStages"], before["VersionIdsToStages"]);
    client.ok("UpdateSecret", update("")).await;
    assert_eq!(client.describe("a").await.get("Description"), None);
    // Asking for nothing changes nothing.
    let before = client.describe("a").await;
    client
        .ok(
            "UpdateSecret",
            json!({"SecretId": "a", "ClientRequestToken": token(3)}),
        )
        .await;
    assert_eq!(client.describe("a").await, before);
}
