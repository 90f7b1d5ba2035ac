//! Imported material: its coming, its going, its end.

use serde_json::{Value, json};
use strongroom_crypto::{EncryptionKey, KeyPairSpec, Oaep};

use super::support::{base64, bytes, decrypt, encrypt, key, later, plain_key, state};
use crate::client::{Client, administrator, assert_sound, problems};

async fn external(client: &Client, more: Value) -> String {
    let mut input = json!({"Origin": "EXTERNAL"});
    for (member, value) in more.as_object().unwrap() {
        input[member] = value.clone();
    }
    key(client, input).await["Arn"].as_str().unwrap().to_owned()
}

/// What wraps material for a key, as ImportKeyMaterial takes it.
async fn wrapped(client: &Client, key: &str, material: &[u8]) -> Value {
    let input = json!({
        "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048",
    });
    let parameters = client.ok("kms:GetParametersForImport", input).await;
    let public = bytes(&parameters["PublicKey"]);
    let public = EncryptionKey::from_spki(KeyPairSpec::Rsa2048, &public).unwrap();
    json!({
        "KeyId": key, "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": base64(&public.encrypt(Oaep::Sha256, material).unwrap()),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    })
}

#[tokio::test]
async fn material_comes_goes_and_comes_back_the_same_or_not_at_all() {
    let client = administrator().await;
    let key = external(&client, json!({})).await;
    assert_eq!(state(&client, &key).await, "PendingImport");
    let input = json!({"KeyId": key, "Plaintext": "eA=="});
    let (code, message) = client.refused("kms:Encrypt", input).await;
    assert_eq!(
        (code.as_str(), message),
        (
            "KMSInvalidStateException",
            format!("{key} is pending import.")
        )
    );
    let input = wrapped(&client, &key, &[7; 32]).await;
    let imported = client.ok("kms:ImportKeyMaterial", input).await;
    assert_eq!(state(&client, &key).await, "Enabled");
    let blob = encrypt(&client, &key, "text").await;

    let deleted = client
        .ok("kms:DeleteImportedKeyMaterial", json!({"KeyId": key}))
        .await;
    assert_eq!(deleted["KeyMaterialId"], imported["KeyMaterialId"]);
    assert_eq!(state(&client, &key).await, "PendingImport");
    let other = wrapped(&client, &key, &[8; 32]).await;
    let refused = client.code("kms:ImportKeyMaterial", other).await;
    assert_eq!(refused, "IncorrectKeyMaterialException");
    let same = wrapped(&client, &key, &[7; 32]).await;
    client.ok("kms:ImportKeyMaterial", same).await;
    assert_eq!(decrypt(&client, &blob).await, "text");

    for (bad, code) in [
        (
            wrapped(&client, &key, &[7; 31]).await,
            "IncorrectKeyMaterialException",
        ),
        (
            {
                let mut input = wrapped(&client, &key, &[7; 32]).await;
                input["EncryptedKeyMaterial"] = base64(&[1; 256]).into();
                input
            },
            "InvalidCiphertextException",
        ),
        (
            {
                let mut input = wrapped(&client, &key, &[7; 32]).await;
                input["ImportToken"] = base64(b"token").into();
                input
            },
            "InvalidImportTokenException",
        ),
    ] {
        assert_eq!(client.code("kms:ImportKeyMaterial", bad).await, code);
    }
    let stale = wrapped(&client, &key, &[7; 32]).await;
    later(&client, 1).await;
    assert_eq!(
        client.code("kms:ImportKeyMaterial", stale).await,
        "ExpiredImportTokenException"
    );
    let own = plain_key(&client).await;
    let input = json!({
        "KeyId": own, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048",
    });
    let (code, message) = client.refused("kms:GetParametersForImport", input).await;
    assert_eq!(code, "UnsupportedOperationException");
    assert_eq!(
        message,
        format!("{own} origin is AWS_KMS which is not valid for this operation.")
    );
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn a_token_is_for_its_key_alone() {
    let client = administrator().await;
    let (one, two) = (
        external(&client, json!({})).await,
        external(&client, json!({})).await,
    );
    let mut input = wrapped(&client, &one, &[7; 32]).await;
    input["KeyId"] = two.into();
    assert_eq!(
        client.code("kms:ImportKeyMaterial", input).await,
        "InvalidImportTokenException"
    );
}

#[tokio::test]
async fn material_that_expires_is_gone_at_its_time() {
    let client = administrator().await;
    let key = external(&client, json!({})).await;
    let mut input = wrapped(&client, &key, &[7; 32]).await;
    input.as_object_mut().unwrap().remove("ExpirationModel");
    let (code, message) = client.refused("kms:ImportKeyMaterial", input.clone()).await;
    assert_eq!(code, "ValidationException");
    assert_eq!(
        message,
        "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
    );
    let end = client.world.clock_now_seconds() + 3 * 24 * 3600;
    input["ValidTo"] = end.into();
    client.ok("kms:ImportKeyMaterial", input).await;
    let blob = encrypt(&client, &key, "text").await;
    later(&client, 2).await;
    assert_eq!(decrypt(&client, &blob).await, "text");
    assert_eq!(later(&client, 2).await, 1);
    assert_eq!(state(&client, &key).await, "PendingImport");
    let input = json!({"CiphertextBlob": blob});
    assert_eq!(
        client.code("kms:Decrypt", input).await,
        "KMSInvalidStateException"
    );
    let last = crate::client::outbox(&client.world).await.pop().unwrap();
    let last: Value = serde_json::from_slice(&last).unwrap();
    assert_eq!(last["eventName"], "DeleteExpiredKeyMaterial");
}

#[tokio::test]
async fn new_material_waits_for_its_rotation() {
    let client = administrator().await;
    let key = external(&client, json!({})).await;
    let (code, _) = client
        .refused("kms:RotateKeyOnDemand", json!({"KeyId": key}))
        .await;
    assert_eq!(code, "KMSInvalidStateException");
    let input = wrapped(&client, &key, &[7; 32]).await;
    client.ok("kms:ImportKeyMaterial", input).await;
    let old = encrypt(&client, &key, "old").await;
    let (code, message) = client
        .refused("kms:RotateKeyOnDemand", json!({"KeyId": key}))
        .await;
    assert_eq!(code, "KMSInvalidStateException");
    assert_eq!(
        message,
        format!("No available key material pending rotation for the key: {key}.")
    );
    let mut input = wrapped(&client, &key, &[8; 32]).await;
    input["ImportType"] = "NEW_KEY_MATERIAL".into();
    let second = client.ok("kms:ImportKeyMaterial", input).await;
    let all = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = client.ok("kms:ListKeyRotations", all.clone()).await;
    assert_eq!(
        listed["Rotations"][0]["KeyMaterialState"],
        "PENDING_ROTATION"
    );
    client
        .ok("kms:RotateKeyOnDemand", json!({"KeyId": key}))
        .await;
    let listed = client.ok("kms:ListKeyRotations", all).await;
    assert_eq!(listed["Rotations"][0]["KeyMaterialState"], "CURRENT");
    assert_eq!(
        listed["Rotations"][0]["KeyMaterialId"],
        second["KeyMaterialId"]
    );
    assert_eq!(listed["Rotations"][1]["KeyMaterialState"], "NON_CURRENT");
    let new = encrypt(&client, &key, "new").await;
    assert_eq!(decrypt(&client, &old).await, "old");
    assert_eq!(decrypt(&client, &new).await, "new");
    assert_sound(&problems(&client.world).await);
}
