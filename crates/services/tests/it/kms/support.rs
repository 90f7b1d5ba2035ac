use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use strongroom_services::jobs;

use crate::client::{Client, assert_sound, problems};

pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub fn bytes(text: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// Makes a key, and returns its metadata.
pub async fn key(client: &Client, input: Value) -> Value {
    client.ok("kms:CreateKey", input).await["KeyMetadata"].take()
}

/// Makes a symmetric key, and returns its ARN.
pub async fn plain_key(client: &Client) -> String {
    let made = key(client, json!({})).await;
    made["Arn"].as_str().unwrap().to_owned()
}

/// Encrypts a text; the blob as it came.
pub async fn encrypt(client: &Client, key: &str, text: &str) -> Value {
    let input = json!({"KeyId": key, "Plaintext": base64(text.as_bytes())});
    client.ok("kms:Encrypt", input).await["CiphertextBlob"].take()
}

/// Decrypts a blob to a text.
pub async fn decrypt(client: &Client, blob: &Value) -> String {
    let input = json!({"CiphertextBlob": blob});
    let answer = client.ok("kms:Decrypt", input).await;
    String::from_utf8(bytes(&answer["Plaintext"])).unwrap()
}

pub async fn state(client: &Client, key: &str) -> String {
    let answer = client.ok("kms:DescribeKey", json!({"KeyId": key})).await;
    answer["KeyMetadata"]["KeyState"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Does what is due, at a later time.
pub async fn later(client: &Client, days: i64) -> usize {
    let hours = i32::try_from(days * 24).unwrap();
    client
        .world
        .clock
        .advance(jiff::SignedDuration::from_hours(hours.into()));
    let done = jobs::run_due(&client.world.services).await.unwrap();
    assert_sound(&problems(&client.world).await);
    done
}
