//! Disabling a key locks everything under it at once, on record; deleting it
//! locks it for good.

use serde_json::json;
use strongroom_services::tables::{KmsAliases, KmsGrants, KmsKeys};

use super::support::{decrypt, encrypt, later, plain_key, state};
use crate::client::{OWNER, administrator, assert_sound, policy, problems, rows, token, user};

#[tokio::test]
async fn a_disabled_key_locks_the_secrets_of_all_its_users_at_once() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let everything = policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let mut users = Vec::new();
    for name in ["ann", "bob", "eve"] {
        let client = user(&admin.world, OWNER, name, &[&everything]).await;
        let input = json!({
            "Name": name, "KmsKeyId": key, "SecretString": name, "ClientRequestToken": token(name),
        });
        client.ok("CreateSecret", input).await;
        users.push((name, client));
    }
    for (name, client) in &users {
        assert_eq!(client.value(name).await, *name);
    }
    admin.ok("kms:DisableKey", json!({"KeyId": key})).await;
    for (name, client) in &users {
        let recorded = client
            .recorded("GetSecretValue", json!({"SecretId": name}))
            .await;
        let (code, message) = recorded.result.unwrap_err();
        assert_eq!(code, "DecryptionFailure");
        assert_eq!(
            message,
            "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
        );
        let used = &recorded.records[1];
        assert_eq!(used["eventName"], "Decrypt");
        assert_eq!(used["errorCode"], "DisabledException");
        assert_eq!(used["errorMessage"], format!("{key} is disabled."));
        assert_eq!(used["resources"][0]["ARN"], key);
        assert_eq!(used["userIdentity"]["userName"], *name);
        let input = json!({"SecretId": name, "SecretString": "x", "ClientRequestToken": token(7)});
        assert_eq!(
            client.code("PutSecretValue", input).await,
            "EncryptionFailure"
        );
    }
    admin.ok("kms:EnableKey", json!({"KeyId": key})).await;
    for (name, client) in &users {
        assert_eq!(client.value(name).await, *name);
    }
    assert_sound(&problems(&admin.world).await);
}

#[tokio::test]
async fn a_key_that_is_deleted_takes_what_was_under_it_along() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let alias = json!({"AliasName": "alias/mine", "TargetKeyId": key});
    admin.ok("kms:CreateAlias", alias).await;
    let grant = json!({
        "KeyId": key, "GranteePrincipal": admin.caller.arn.to_string(), "Operations": ["Decrypt"],
        "Name": "n", "RetiringPrincipal": admin.caller.arn.to_string(),
    });
    admin.ok("kms:CreateGrant", grant).await;
    let input = json!({
        "Name": "s", "KmsKeyId": "alias/mine", "SecretString": "v", "ClientRequestToken": token(1),
    });
    admin.ok("CreateSecret", input).await;
    let blob = encrypt(&admin, &key, "text").await;

    let days = |days| json!({"KeyId": key, "PendingWindowInDays": days});
    for wrong in [6, 31] {
        assert_eq!(
            admin.code("kms:ScheduleKeyDeletion", days(wrong)).await,
            "ValidationException"
        );
    }
    let answer = admin.ok("kms:ScheduleKeyDeletion", days(7)).await;
    assert_eq!(answer["KeyState"], "PendingDeletion");
    assert_eq!(answer["KeyId"], key);
    let (code, message) = admin
        .refused("kms:Decrypt", json!({"CiphertextBlob": blob}))
        .await;
    assert_eq!(code, "KMSInvalidStateException");
    assert_eq!(message, format!("{key} is pending deletion."));
    assert_eq!(
        admin.code("GetSecretValue", json!({"SecretId": "s"})).await,
        "DecryptionFailure"
    );

    // Called off, it comes back disabled.
    admin
        .ok("kms:CancelKeyDeletion", json!({"KeyId": key}))
        .await;
    assert_eq!(state(&admin, &key).await, "Disabled");
    assert_eq!(later(&admin, 8).await, 0);
    admin.ok("kms:EnableKey", json!({"KeyId": key})).await;
    assert_eq!(decrypt(&admin, &blob).await, "text");
    assert_eq!(admin.value("s").await, "v");

    admin.ok("kms:ScheduleKeyDeletion", days(7)).await;
    assert_eq!(later(&admin, 6).await, 0);
    assert_eq!(later(&admin, 1).await, 1);
    let (code, message) = admin
        .refused("kms:DescribeKey", json!({"KeyId": key}))
        .await;
    assert_eq!(code, "NotFoundException");
    assert_eq!(message, format!("Key '{key}' does not exist"));
    let gone = admin
        .code("kms:DescribeKey", json!({"KeyId": "alias/mine"}))
        .await;
    assert_eq!(gone, "NotFoundException");
    assert_eq!(
        admin.code("GetSecretValue", json!({"SecretId": "s"})).await,
        "DecryptionFailure"
    );
    let (code, _) = admin
        .refused("kms:Decrypt", json!({"CiphertextBlob": blob}))
        .await;
    assert_eq!(code, "AccessDeniedException");
    for left in [
        rows::<KmsKeys>(&admin.world).await.len(),
        rows::<KmsAliases>(&admin.world).await.len(),
        rows::<KmsGrants>(&admin.world).await.len(),
    ] {
        assert_eq!(left, 0);
    }
    let last = crate::client::outbox(&admin.world).await.pop().unwrap();
    let last: serde_json::Value = serde_json::from_slice(&last).unwrap();
    assert_eq!(last["eventName"], "DeleteKey");
    assert_eq!(last["userIdentity"]["invokedBy"], "AWS Internal");
    assert_eq!(last["resources"][0]["ARN"], key);
    assert_eq!(last["responseElements"], json!({"keyId": key}));
    let id = key.rsplit('/').next().unwrap();
    assert_eq!(last["serviceEventDetails"], json!({"keyId": id}));
    assert!(last.get("requestID").is_none());

    // The secret lives on under another key; what was under this one does not.
    let other = plain_key(&admin).await;
    let moved = json!({"SecretId": "s", "KmsKeyId": other, "ClientRequestToken": token(2)});
    admin.ok("UpdateSecret", moved).await;
    assert_eq!(
        admin.code("GetSecretValue", json!({"SecretId": "s"})).await,
        "DecryptionFailure"
    );
    let again = json!({"SecretId": "s", "SecretString": "w", "ClientRequestToken": token(3)});
    admin.ok("PutSecretValue", again).await;
    assert_eq!(admin.value("s").await, "w");
    let before = json!({"SecretId": "s", "VersionStage": "AWSPREVIOUS"});
    assert_eq!(
        admin.code("GetSecretValue", before).await,
        "DecryptionFailure"
    );
}

#[tokio::test]
async fn a_secret_under_a_key_that_makes_no_data_keys_is_refused() {
    let admin = administrator().await;
    for (spec, usage) in [
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ] {
        let made = super::support::key(&admin, json!({"KeySpec": spec, "KeyUsage": usage})).await;
        let input = json!({
            "Name": "s", "KmsKeyId": made["Arn"], "SecretString": "v",
            "ClientRequestToken": token(1),
        });
        let (code, message) = admin.refused("CreateSecret", input).await;
        assert_eq!(code, "EncryptionFailure");
        assert!(message.contains("Cannot generate a data key with an asymmetric KMS key"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_written_under_a_key_once_it_is_disabled() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let input = json!({
        "Name": "s", "KmsKeyId": key, "SecretString": "v", "ClientRequestToken": token(0),
    });
    admin.ok("CreateSecret", input).await;
    let mut tasks = Vec::new();
    for writer in 0..4 {
        let client = admin.clone();
        tasks.push(tokio::spawn(async move {
            for number in 0..20 {
                let token = token(format!("{writer}x{number}"));
                let input = json!({
                    "SecretId": "s", "SecretString": "v", "ClientRequestToken": token,
                    "VersionStages": ["MINE"],
                });
                let outcome = client.call("PutSecretValue", input).await;
                if let Err((code, message)) = outcome {
                    assert_eq!(code, "EncryptionFailure", "{message}");
                }
            }
        }));
    }
    let switch = admin.clone();
    let switched = key.clone();
    tasks.push(tokio::spawn(async move {
        for _ in 0..10 {
            for operation in ["kms:DisableKey", "kms:EnableKey"] {
                switch.ok(operation, json!({"KeyId": switched})).await;
                tokio::task::yield_now().await;
            }
        }
    }));
    for task in tasks {
        task.await.unwrap();
    }
    // Committed in this order.
    let mut enabled = true;
    for line in crate::client::outbox(&admin.world).await {
        let record: serde_json::Value = serde_json::from_slice(&line).unwrap();
        match record["eventName"].as_str().unwrap() {
            "DisableKey" => enabled = false,
            "EnableKey" => enabled = true,
            "PutSecretValue" => assert!(enabled, "a write under a disabled key"),
            _ => {}
        }
    }
    assert_sound(&problems(&admin.world).await);
}
