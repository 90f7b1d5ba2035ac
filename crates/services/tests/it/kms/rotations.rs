//! New material for the same key.

use serde_json::json;

use super::support::{decrypt, encrypt, key, later, plain_key};
use crate::client::{administrator, outbox};

#[tokio::test]
async fn a_key_rotates_by_itself_and_keeps_what_it_encrypted() {
    let client = administrator().await;
    let key = plain_key(&client).await;
    for wrong in [89, 2561] {
        let input = json!({"KeyId": key, "RotationPeriodInDays": wrong});
        assert_eq!(
            client.code("kms:EnableKeyRotation", input).await,
            "ValidationException"
        );
    }
    let input = json!({"KeyId": key, "RotationPeriodInDays": 90});
    client.ok("kms:EnableKeyRotation", input).await;
    let status = client
        .ok("kms:GetKeyRotationStatus", json!({"KeyId": key}))
        .await;
    assert_eq!(status["KeyRotationEnabled"], true);
    assert_eq!(status["RotationPeriodInDays"], 90);
    let mut blobs = vec![encrypt(&client, &key, "0").await];
    for number in 1..4 {
        assert_eq!(later(&client, 89).await, 0);
        assert_eq!(later(&client, 1).await, 1);
        blobs.push(encrypt(&client, &key, &number.to_string()).await);
    }
    for (number, blob) in blobs.iter().enumerate() {
        assert_eq!(decrypt(&client, blob).await, number.to_string());
    }
    let listed = client
        .ok("kms:ListKeyRotations", json!({"KeyId": key}))
        .await;
    let rotations = listed["Rotations"].as_array().unwrap();
    assert_eq!(rotations.len(), 3);
    assert!(
        rotations
            .iter()
            .all(|rotation| rotation["RotationType"] == "AUTOMATIC")
    );
    let last: serde_json::Value =
        serde_json::from_slice(outbox(&client.world).await.last().unwrap()).unwrap();
    assert_eq!(last["eventName"], "RotateKey");
    assert_eq!(last["eventType"], "AwsServiceEvent");
    assert!(last.get("requestID").is_none());
    let every = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let every = client.ok("kms:ListKeyRotations", every).await;
    let material = |place: usize| every["Rotations"][place]["KeyMaterialId"].clone();
    assert_eq!(
        last["serviceEventDetails"],
        json!({
            "keyId": key.rsplit('/').next().unwrap(), "keyOrigin": "AWS_KMS",
            "rotationType": "AUTOMATIC",
            "previousKeyMaterialId": material(1), "currentKeyMaterialId": material(0),
        })
    );

    // A key that is disabled is not rotated, and makes up for it.
    client.ok("kms:DisableKey", json!({"KeyId": key})).await;
    later(&client, 100).await;
    client.ok("kms:EnableKey", json!({"KeyId": key})).await;
    assert_eq!(later(&client, 0).await, 1);
    let listed = client
        .ok("kms:ListKeyRotations", json!({"KeyId": key}))
        .await;
    assert_eq!(listed["Rotations"].as_array().unwrap().len(), 4);
    client
        .ok("kms:DisableKeyRotation", json!({"KeyId": key}))
        .await;
    assert_eq!(later(&client, 200).await, 0);
}

#[tokio::test]
async fn rotations_on_demand_are_counted() {
    let client = administrator().await;
    let key = plain_key(&client).await;
    for _ in 0..25 {
        client
            .ok("kms:RotateKeyOnDemand", json!({"KeyId": key}))
            .await;
    }
    let (code, message) = client
        .refused("kms:RotateKeyOnDemand", json!({"KeyId": key}))
        .await;
    assert_eq!(code, "LimitExceededException");
    assert_eq!(
        message,
        format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand \
             rotations can be performed for this key: {key}"
        )
    );
}

#[tokio::test]
async fn only_symmetric_keys_rotate() {
    let client = administrator().await;
    let made = key(
        &client,
        json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
    )
    .await;
    for operation in [
        "kms:RotateKeyOnDemand",
        "kms:EnableKeyRotation",
        "kms:GetKeyRotationStatus",
    ] {
        let (code, message) = client
            .refused(operation, json!({"KeyId": made["Arn"]}))
            .await;
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("UnsupportedOperationException", "")
        );
    }
}
