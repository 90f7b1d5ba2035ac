//! Under which key values are, how they come under another, and what becomes
//! of values that are not where they were put.

use serde_json::{Value, json};
use strongroom_services::{
    secretsmanager::SealedValue,
    tables::{KmsKeys, SecretValues},
};
use strongroom_store::{Mode, Table};

use crate::client::{Client, add_row, administrator, assert_sound, problems, rows, token};

const KMS: &str = "arn:aws:kms:us-east-1:111122223333:";
const MANAGED: &str = "alias/aws/secretsmanager";

/// Ids of the account's keys.
async fn keys(client: &Client) -> Vec<String> {
    rows::<KmsKeys>(&client.world)
        .await
        .into_iter()
        .map(|((.., id), _)| id)
        .collect()
}

/// A second key of the account, and the alias `alias/mine` for it.
async fn second_key(client: &Client) -> String {
    let made = client.ok("kms:CreateKey", json!({})).await;
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let alias = json!({"AliasName": "alias/mine", "TargetKeyId": id});
    client.ok("kms:CreateAlias", alias).await;
    id
}

async fn set_key(client: &Client, name: &str, key: &str) -> Result<Value, (String, String)> {
    let input = json!({"SecretId": name, "KmsKeyId": key, "ClientRequestToken": token("key")});
    client.call("UpdateSecret", input).await
}

/// The ARN of the key that a version is really under: the one whose use is
/// recorded when it is read.
async fn used_key(client: &Client, name: &str, version: &str) -> String {
    let input = json!({"SecretId": name, "VersionId": version});
    let recorded = client.recorded("GetSecretValue", input).await;
    recorded.result.unwrap();
    let decrypt = recorded
        .records
        .iter()
        .find(|record| record["eventName"] == "Decrypt")
        .unwrap();
    decrypt["resources"][0]["ARN"].as_str().unwrap().to_owned()
}

/// What ListSecretVersionIds says of a version's key.
async fn listed_key(client: &Client, name: &str, version: &str) -> String {
    let input = json!({"SecretId": name, "IncludeDeprecated": true});
    let listed = client.ok("ListSecretVersionIds", input).await;
    let versions = listed["Versions"].as_array().unwrap();
    let entry = versions
        .iter()
        .find(|entry| entry["VersionId"] == version)
        .unwrap();
    entry["KmsKeyIds"][0].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_managed_key_is_made_at_its_first_use_and_only_then() {
    let client = administrator().await;
    client
        .ok(
            "CreateSecret",
            json!({"Name": "a", "ClientRequestToken": token(1)}),
        )
        .await;
    client.secret("b", "one").await;
    assert_eq!(keys(&client).await.len(), 1);
    client.region("eu-west-1").secret("a", "there").await;
    assert_eq!(keys(&client).await.len(), 2);
    assert_eq!(client.describe("b").await.get("KmsKeyId"), None);
    assert_eq!(
        listed_key(&client, "b", &token("b")).await,
        "DefaultEncryptionKey"
    );
}

#[tokio::test]
async fn a_key_has_many_names() {
    let client = administrator().await;
    client.secret("a", "one").await;
    let first = keys(&client).await.remove(0);
    let second = second_key(&client).await;
    for (named, id) in [
        (MANAGED.to_owned(), &first),
        (format!("{KMS}{MANAGED}"), &first),
        ("alias/mine".to_owned(), &second),
        (format!("{KMS}alias/mine"), &second),
        (first.clone(), &first),
        (second.clone(), &second),
        (format!("{KMS}key/{first}"), &first),
        (format!("{KMS}key/{second}"), &second),
    ] {
        set_key(&client, "a", &named).await.unwrap();
        let arn = format!("{KMS}key/{id}");
        // As it was given; the version says what it stands for.
        assert_eq!(client.describe("a").await["KmsKeyId"], named);
        assert_eq!(listed_key(&client, "a", &token("a")).await, arn);
        assert_eq!(used_key(&client, "a", &token("a")).await, arn);
        assert_eq!(client.value("a").await, "one");
    }
    // Nothing is the managed key again.
    set_key(&client, "a", "").await.unwrap();
    assert_eq!(client.describe("a").await.get("KmsKeyId"), None);
    assert_eq!(
        listed_key(&client, "a", &token("a")).await,
        "DefaultEncryptionKey"
    );
    assert_eq!(
        used_key(&client, "a", &token("a")).await,
        format!("{KMS}key/{first}")
    );
    assert_eq!(client.value("a").await, "one");
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn a_key_that_is_not_there_is_refused_and_nothing_changes() {
    let client = administrator().await;
    client.secret("a", "one").await;
    let before = client.describe("a").await;
    let unknown = "11111111-2222-3333-4444-555555555555";
    for named in [
        "alias/none",
        &format!("{KMS}alias/none"),
        unknown,
        &format!("{KMS}key/{unknown}"),
        "mrk-11111111222233334444555555555555",
        "nonsense",
        "arn:aws:kms",
        "arn:aws:s3:::bucket",
        // Regions have keys of their own.
        &format!("arn:aws:kms:eu-west-1:111122223333:key/{unknown}"),
    ] {
        let (code, message) = set_key(&client, "a", named).await.unwrap_err();
        assert_eq!(code, "InvalidParameterException", "{named}: {message}");
        let input = json!({
            "Name": "b", "KmsKeyId": named, "SecretString": "x", "ClientRequestToken": token(1),
        });
        assert_eq!(
            client.code("CreateSecret", input).await,
            "InvalidParameterException"
        );
    }
    assert_eq!(client.describe("a").await, before);
    let missing = client
        .code("DescribeSecret", json!({"SecretId": "b"}))
        .await;
    assert_eq!(missing, "ResourceNotFoundException");
}

#[tokio::test]
async fn the_three_labels_of_aws_come_under_the_new_key() {
    let client = administrator().await;
    client.secret("a", "deprecated").await;
    client.put("a", &token(2), "mine", Some(&["MINE"])).await;
    client.put("a", &token(3), "previous", None).await;
    client.put("a", &token(4), "current", None).await;
    client
        .put("a", &token(5), "pending", Some(&["AWSPENDING"]))
        .await;
    let first = format!("{KMS}key/{}", keys(&client).await.remove(0));
    let second = format!("{KMS}key/{}", second_key(&client).await);
    set_key(&client, "a", &second).await.unwrap();

    for (version, value, key, listed) in [
        (token("a"), "deprecated", &first, "DefaultEncryptionKey"),
        (token(2), "mine", &first, "DefaultEncryptionKey"),
        (token(3), "previous", &second, second.as_str()),
        (token(4), "current", &second, second.as_str()),
        (token(5), "pending", &second, second.as_str()),
    ] {
        let input = json!({"SecretId": "a", "VersionId": version});
        let answer = client.ok("GetSecretValue", input).await;
        assert_eq!(answer["SecretString"], value);
        assert_eq!(used_key(&client, "a", &version).await, *key, "{value}");
        assert_eq!(listed_key(&client, "a", &version).await, listed);
    }
    // New values are under it from the start.
    client.put("a", &token(6), "new", None).await;
    assert_eq!(used_key(&client, "a", &token(6)).await, second);
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn key_and_value_change_together() {
    let client = administrator().await;
    client.secret("a", "one").await;
    let second = second_key(&client).await;
    let input = json!({
        "SecretId": "a", "KmsKeyId": second, "SecretBinary": "dHdv", "ClientRequestToken": token(2),
    });
    client.ok("UpdateSecret", input).await;
    let answer = client.ok("GetSecretValue", json!({"SecretId": "a"})).await;
    assert_eq!(answer["SecretBinary"], "dHdv");
    let previous = json!({"SecretId": "a", "VersionStage": "AWSPREVIOUS"});
    assert_eq!(
        client.ok("GetSecretValue", previous).await["SecretString"],
        "one"
    );
    for version in [token("a"), token(2)] {
        let arn = format!("{KMS}key/{second}");
        assert_eq!(used_key(&client, "a", &version).await, arn);
    }
}

/// Changes rows of values as an intruder would who got into the store and has
/// its seal key; reads each version then.
async fn tampered(
    client: &Client,
    change: impl Fn(&mut Vec<(<SecretValues as Table>::Key, SealedValue)>),
) {
    let before = rows::<SecretValues>(&client.world).await;
    let mut after = before.clone();
    change(&mut after);
    let mut tx = client
        .world
        .services
        .store
        .begin(Mode::Write)
        .await
        .unwrap();
    for (key, _) in &before {
        tx.delete::<SecretValues>(key).unwrap();
    }
    for (key, row) in &after {
        tx.put::<SecretValues>(key, row).unwrap();
    }
    tx.commit(Vec::new()).await.unwrap();

    for (key, row) in &before {
        let now = after
            .iter()
            .find(|(other, _)| other == key)
            .map(|(_, row)| row);
        let (_, _, name, _, version) = key;
        let input = json!({"SecretId": name, "VersionId": version});
        let answer = client.call("GetSecretValue", input).await;
        if now == Some(row) {
            // Each value says where it belongs.
            assert_eq!(answer.unwrap()["SecretString"], format!("{name} {version}"));
            continue;
        }
        let (code, message) = answer.unwrap_err();
        assert_eq!(code, "DecryptionFailure");
        assert_eq!(
            message,
            "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
        );
        // Nor is such a value believed to be the same as another, or moved
        // under another key.
        let again = json!({
            "SecretId": name, "ClientRequestToken": version,
            "SecretString": format!("{name} {version}"),
        });
        assert_eq!(
            client.code("PutSecretValue", again).await,
            "DecryptionFailure"
        );
        let batch = client
            .ok("BatchGetSecretValue", json!({"SecretIdList": [name]}))
            .await;
        if let Some(error) = batch["Errors"].get(0) {
            assert_eq!(error["ErrorCode"], "DecryptionFailure");
        }
    }
    let mut tx = client
        .world
        .services
        .store
        .begin(Mode::Write)
        .await
        .unwrap();
    for (key, row) in &before {
        tx.put::<SecretValues>(key, row).unwrap();
    }
    tx.commit(Vec::new()).await.unwrap();
}

#[tokio::test]
async fn values_are_bound_to_their_place() {
    let client = administrator().await;
    for name in ["a", "b"] {
        client
            .secret(name, &format!("{name} {}", token(name)))
            .await;
        let value = format!("{name} {}", token(2));
        client.put(name, &token(2), &value, None).await;
    }
    assert_eq!(rows::<SecretValues>(&client.world).await.len(), 4);
    // The rows are those of a's versions, then those of b's.
    tampered(&client, |_| {}).await;
    for (one, two) in [(0, 1), (0, 2), (1, 3), (0, 3)] {
        tampered(&client, |rows| {
            let taken = rows[one].1.clone();
            rows[one].1 = std::mem::replace(&mut rows[two].1, taken);
        })
        .await;
        tampered(&client, |rows| rows[one].1 = rows[two].1.clone()).await;
        tampered(&client, |rows| {
            rows[one].1.ciphertext = rows[two].1.ciphertext.clone()
        })
        .await;
        tampered(&client, |rows| {
            rows[one].1.encrypted_data_key = rows[two].1.encrypted_data_key.clone();
        })
        .await;
    }
}

#[tokio::test]
async fn no_changed_bit_goes_unnoticed() {
    let client = administrator().await;
    client.secret("a", &format!("a {}", token("a"))).await;
    let row = rows::<SecretValues>(&client.world).await.remove(0).1;
    for place in 0..row.ciphertext.len() {
        tampered(&client, |rows| rows[0].1.ciphertext[place] ^= 1).await;
    }
    for place in 0..row.encrypted_data_key.len() {
        tampered(&client, |rows| rows[0].1.encrypted_data_key[place] ^= 0x80).await;
    }
    tampered(&client, |rows| rows[0].1 = SealedValue::default()).await;
    tampered(&client, |rows| rows[0].1.ciphertext.truncate(20)).await;
    tampered(&client, |rows| rows[0].1.encrypted_data_key.push(0)).await;
}

#[tokio::test]
async fn a_value_that_is_gone_is_missed() {
    let client = administrator().await;
    client.secret("a", &format!("a {}", token("a"))).await;
    tampered(&client, Vec::clear).await;

    // What was before a deletion does not come back under the same name.
    let (key, row) = rows::<SecretValues>(&client.world).await.remove(0);
    let force = json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true});
    client.ok("DeleteSecret", force).await;
    client.secret("a", "new").await;
    let (mut place, _) = rows::<SecretValues>(&client.world).await.remove(0);
    assert_ne!(place, key);
    add_row::<SecretValues>(&client.world, place.clone(), row.clone()).await;
    assert_eq!(
        client
            .code("GetSecretValue", json!({"SecretId": "a"}))
            .await,
        "DecryptionFailure"
    );
    // And the check of all rows names what belongs to nothing.
    place.4 = token("stray");
    add_row::<SecretValues>(&client.world, place, row).await;
    let problems = problems(&client.world).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("is of no version"), "{problems:?}");
}

#[tokio::test]
async fn without_its_key_a_value_is_lost_and_nothing_is_written() {
    let client = administrator().await;
    client.secret("a", "one").await;
    client.value("a").await;
    let (key, row) = rows::<KmsKeys>(&client.world).await.remove(0);
    let mut tx = client
        .world
        .services
        .store
        .begin(Mode::Write)
        .await
        .unwrap();
    tx.delete::<KmsKeys>(&key).unwrap();
    tx.commit(Vec::new()).await.unwrap();
    // What was opened before is not used any longer.
    let read = json!({"SecretId": "a"});
    assert_eq!(
        client.code("GetSecretValue", read).await,
        "DecryptionFailure"
    );
    let put = json!({"SecretId": "a", "SecretString": "x", "ClientRequestToken": token(2)});
    assert_eq!(
        client.code("PutSecretValue", put).await,
        "InternalServiceError"
    );
    let problems = problems(&client.world).await;
    assert!(problems[0].contains("stands for no key"), "{problems:?}");

    add_row::<KmsKeys>(&client.world, key, row).await;
    assert_eq!(client.value("a").await, "one");
}
