//! Each operation of KMS by each kind of caller, for each shape of the key's
//! policy: one table, compared with `kms_permission_matrix.txt` letter by
//! letter.
//!
//! After a change that is meant, write the table anew with
//! `PERMISSION_MATRIX=write cargo test -p strongroom-services matrix`.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use strongroom_services::kms::operations::ROUTES;

use super::support::base64;
use crate::{
    client::{Client, FOREIGN, OWNER, administrator, policy, root, route, user},
    world::World,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/kms_permission_matrix.txt"
);

/// What the key's policy says.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// It leaves everything to the account's identity policies.
    Delegates,
    /// It does so, and names the caller for the operation.
    Names,
    /// It names another user alone.
    Closed,
    /// It leaves everything to identity policies, and denies the caller.
    Denies,
    /// It leaves everything to identity policies; a grant has the operation.
    Grants,
}

#[derive(Clone, Copy)]
enum Who {
    Root,
    Everything,
    Only,
    Nothing,
}

const COLUMNS: &[(&str, &str, u64, Who, Shape)] = &[
    (
        "admin",
        "a user who may do everything",
        OWNER,
        Who::Everything,
        Shape::Delegates,
    ),
    ("root", "the root user", OWNER, Who::Root, Shape::Delegates),
    (
        "only",
        "a user who may do this and nothing else",
        OWNER,
        Who::Only,
        Shape::Delegates,
    ),
    (
        "nobody",
        "a user without policies",
        OWNER,
        Who::Nothing,
        Shape::Delegates,
    ),
    (
        "named",
        "nobody, whom the key policy names",
        OWNER,
        Who::Nothing,
        Shape::Names,
    ),
    (
        "closed",
        "admin, where the key policy names another user alone",
        OWNER,
        Who::Everything,
        Shape::Closed,
    ),
    (
        "closed-root",
        "the root user, likewise",
        OWNER,
        Who::Root,
        Shape::Closed,
    ),
    (
        "banned",
        "admin, whom the key policy denies",
        OWNER,
        Who::Everything,
        Shape::Denies,
    ),
    (
        "granted",
        "nobody, with a grant where there can be one",
        OWNER,
        Who::Nothing,
        Shape::Grants,
    ),
    (
        "stranger",
        "the admin of another account",
        FOREIGN,
        Who::Everything,
        Shape::Delegates,
    ),
    (
        "guest",
        "stranger, whom the key policy names",
        FOREIGN,
        Who::Everything,
        Shape::Names,
    ),
    (
        "shy",
        "nobody of another account, whom the key policy names",
        FOREIGN,
        Who::Nothing,
        Shape::Names,
    ),
    (
        "far-granted",
        "nobody of another account, with a grant where there can be one",
        FOREIGN,
        Who::Nothing,
        Shape::Grants,
    ),
];

/// The kind of key that an operation is about.
fn kind(operation: &str) -> Value {
    match operation {
        "Sign" | "Verify" | "GetPublicKey" => {
            json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})
        }
        "DeriveSharedSecret" => json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}),
        "GenerateMac" | "VerifyMac" => {
            json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"})
        }
        "GetParametersForImport" | "ImportKeyMaterial" | "DeleteImportedKeyMaterial" => {
            json!({"Origin": "EXTERNAL"})
        }
        "ReplicateKey" | "UpdatePrimaryRegion" => json!({"MultiRegion": true}),
        _ => json!({}),
    }
}

/// A request about the key that succeeds for who may make it, after the admin
/// has set the scene; nothing for an operation that this test does not know.
async fn input(admin: &Client, operation: &str, key: &str) -> Option<Value> {
    let text = base64(b"text");
    let delegating = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": OWNER.to_string()}, "Action": "kms:*", "Resource": "*",
    }));
    let me = admin.caller.arn.to_string();
    let blob =
        |input: Value| async move { admin.ok("kms:Encrypt", input).await["CiphertextBlob"].take() };
    Some(match operation {
        "CancelKeyDeletion" => {
            admin
                .ok("kms:ScheduleKeyDeletion", json!({"KeyId": key}))
                .await;
            json!({"KeyId": key})
        }
        "CreateAlias" => json!({"AliasName": "alias/a", "TargetKeyId": key}),
        "UpdateAlias" | "DeleteAlias" => {
            let alias = json!({"AliasName": "alias/a", "TargetKeyId": key});
            admin.ok("kms:CreateAlias", alias.clone()).await;
            alias
        }
        "CreateGrant" => {
            json!({"KeyId": key, "GranteePrincipal": me, "Operations": ["DescribeKey"]})
        }
        "CreateKey" | "ListKeys" | "ListAliases" | "DescribeCustomKeyStores" => json!({}),
        "CreateCustomKeyStore" => json!({"CustomKeyStoreName": "a"}),
        "ConnectCustomKeyStore"
        | "DeleteCustomKeyStore"
        | "DisconnectCustomKeyStore"
        | "UpdateCustomKeyStore" => {
            json!({"CustomKeyStoreId": "cks-1"})
        }
        "Decrypt" => {
            json!({"KeyId": key, "CiphertextBlob": blob(json!({"KeyId": key, "Plaintext": text})).await})
        }
        "ReEncrypt" => json!({
            "SourceKeyId": key, "DestinationKeyId": key,
            "CiphertextBlob": blob(json!({"KeyId": key, "Plaintext": text})).await,
        }),
        "DeleteImportedKeyMaterial"
        | "DescribeKey"
        | "DisableKey"
        | "DisableKeyRotation"
        | "EnableKey"
        | "EnableKeyRotation"
        | "GetKeyLastUsage"
        | "GetKeyPolicy"
        | "GetKeyRotationStatus"
        | "GetPublicKey"
        | "ListGrants"
        | "ListKeyPolicies"
        | "ListKeyRotations"
        | "ListResourceTags"
        | "RotateKeyOnDemand"
        | "ScheduleKeyDeletion" => {
            json!({"KeyId": key})
        }
        "DeriveSharedSecret" => {
            let public = admin.ok("kms:GetPublicKey", json!({"KeyId": key})).await;
            json!({"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": public["PublicKey"]})
        }
        "Encrypt" => json!({"KeyId": key, "Plaintext": text}),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
            json!({"KeyId": key, "KeySpec": "AES_256"})
        }
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"})
        }
        "GenerateMac" => json!({"KeyId": key, "Message": text, "MacAlgorithm": "HMAC_SHA_256"}),
        "VerifyMac" => {
            let mut input = json!({"KeyId": key, "Message": text, "MacAlgorithm": "HMAC_SHA_256"});
            input["Mac"] = admin.ok("kms:GenerateMac", input.clone()).await["Mac"].take();
            input
        }
        "Sign" => json!({"KeyId": key, "Message": text, "SigningAlgorithm": "ECDSA_SHA_256"}),
        "Verify" => {
            let mut input =
                json!({"KeyId": key, "Message": text, "SigningAlgorithm": "ECDSA_SHA_256"});
            input["Signature"] = admin.ok("kms:Sign", input.clone()).await["Signature"].take();
            input
        }
        "GenerateRandom" => json!({"NumberOfBytes": 1}),
        // Judged before it is looked at.
        "GetParametersForImport" => json!({
            "KeyId": key, "WrappingAlgorithm": "RSAES_PKCS1_V1_5", "WrappingKeySpec": "RSA_2048",
        }),
        "ImportKeyMaterial" => json!({
            "KeyId": key, "ImportToken": text, "EncryptedKeyMaterial": text,
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }),
        "ListRetirableGrants" => json!({"RetiringPrincipal": me}),
        "PutKeyPolicy" => {
            json!({"KeyId": key, "Policy": delegating, "BypassPolicyLockoutSafetyCheck": true})
        }
        "ReplicateKey" => json!({"KeyId": key, "ReplicaRegion": "eu-west-1"}),
        "UpdatePrimaryRegion" => {
            let replica = json!({"KeyId": key, "ReplicaRegion": "eu-west-1"});
            admin.ok("kms:ReplicateKey", replica).await;
            json!({"KeyId": key, "PrimaryRegion": "eu-west-1"})
        }
        "RetireGrant" | "RevokeGrant" => {
            let grant =
                json!({"KeyId": key, "GranteePrincipal": me, "Operations": ["DescribeKey"]});
            let made = admin.ok("kms:CreateGrant", grant).await;
            json!({"KeyId": key, "GrantId": made["GrantId"]})
        }
        "TagResource" => json!({"KeyId": key, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        "UntagResource" => json!({"KeyId": key, "TagKeys": ["k"]}),
        "UpdateKeyDescription" => json!({"KeyId": key, "Description": "d"}),
        _ => return None,
    })
}

fn actions(operation: &str) -> Vec<&'static str> {
    match operation {
        "ReEncrypt" => vec!["kms:ReEncryptFrom", "kms:ReEncryptTo"],
        other => vec![route(&format!("kms:{other}")).action],
    }
}

async fn caller(world: &Arc<World>, head: &str, number: u64, who: Who, actions: &[&str]) -> Client {
    let allow =
        |actions: &Value| policy(&json!({"Effect": "Allow", "Action": actions, "Resource": "*"}));
    let policies = match who {
        Who::Root => return root(world, number),
        Who::Everything => vec![allow(&json!("*"))],
        Who::Only => vec![allow(&json!(actions))],
        Who::Nothing => vec![],
    };
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    user(world, number, head, &policies).await
}

/// What comes of an operation called by this kind of caller.
async fn outcome(operation: &str, column: &(&str, &str, u64, Who, Shape)) -> String {
    let (head, _, number, who, shape) = *column;
    let admin = administrator().await;
    let made = admin.ok("kms:CreateKey", kind(operation)).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let actions = actions(operation);
    let client = caller(&admin.world, head, number, who, &actions).await;
    let request = input(&admin, operation, &key).await.unwrap();

    let me = client.caller.arn.to_string();
    let statement = |effect: &str, principal: &str, actions: Value| json!({"Effect": effect, "Principal": {"AWS": principal}, "Action": actions, "Resource": "*"});
    let delegates = statement("Allow", &OWNER.to_string(), json!("kms:*"));
    let statements = match shape {
        Shape::Delegates | Shape::Grants => None,
        Shape::Names => Some(json!([delegates, statement("Allow", &me, json!(actions))])),
        Shape::Denies => Some(json!([delegates, statement("Deny", &me, json!(actions))])),
        Shape::Closed => {
            let other = user(&admin.world, OWNER, "other", &[]).await;
            Some(json!([statement(
                "Allow",
                other.caller.arn.as_str(),
                json!("kms:*")
            )]))
        }
    };
    if let Some(statements) = statements {
        let input = json!({
            "KeyId": key, "Policy": policy(&statements), "BypassPolicyLockoutSafetyCheck": true,
        });
        // A key that waits for its deletion has its policy changed all the same.
        admin.ok("kms:PutKeyPolicy", input).await;
    }
    if shape == Shape::Grants {
        let names: Vec<&str> = actions.iter().map(|action| &action[4..]).collect();
        let grant = json!({"KeyId": key, "GranteePrincipal": me, "Operations": names});
        // Most operations can be in no grant.
        let _ = admin.call("kms:CreateGrant", grant).await;
    }
    match client.call(&format!("kms:{operation}"), request).await {
        Ok(_) => "ok".to_owned(),
        Err((code, _)) => code.trim_end_matches("Exception").to_owned(),
    }
}

async fn table() -> String {
    let mut table = String::from(
        "What each operation of KMS answers to each kind of caller about a customer managed key\n\
         that leaves everything to the account's identity policies, unless said otherwise.\n\
         GetParametersForImport, ImportKeyMaterial and custom key stores: what is let in is then\n\
         refused for what it asks.\n\n",
    );
    for (head, meaning, ..) in COLUMNS {
        writeln!(table, "{head:<12} {meaning}").unwrap();
    }
    table.push('\n');
    let mut line = |first: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<20}")).collect();
        writeln!(table, "{}", format!("{first:<36}{cells}").trim_end()).unwrap();
    };
    line(
        "",
        COLUMNS.iter().map(|column| column.0.to_owned()).collect(),
    );
    for route in ROUTES {
        let mut cells = Vec::new();
        for column in COLUMNS {
            cells.push(outcome(route.name, column).await);
        }
        line(route.name, cells);
    }
    table
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    let table = table().await;
    if std::env::var("PERMISSION_MATRIX").is_ok_and(|value| value == "write") {
        std::fs::write(FILE, &table).unwrap();
    }
    let stored = std::fs::read_to_string(FILE).unwrap_or_default();
    for (now, before) in table.lines().zip(stored.lines()) {
        assert_eq!(now, before);
    }
    assert_eq!(table, stored);
}
