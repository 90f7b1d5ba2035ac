//! Of KMS: about a key, for each shape of its policy.

use serde_json::{Value, json};
use strongroom_services::{kms::operations::ROUTES, operation::Route};

use super::{Identity, Matrix, caller, cell};
use crate::{
    client::{Client, FOREIGN, OWNER, administrator, policy, user},
    kms::support::base64,
};

/// Whose caller, what its own policies say of the operation, and what the
/// key's policy says.
type Column = (u64, Identity, Shape);

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

const MATRIX: Matrix<Column> = Matrix {
    service: "kms",
    shows: "\
What each operation of KMS answers to each kind of caller about a customer managed key
that leaves everything to the account's identity policies, unless said otherwise.
GetParametersForImport, ImportKeyMaterial and custom key stores: what is let in is then
refused for what it asks.",
    columns: &[
        (
            "admin",
            "a user who may do everything",
            (OWNER, Identity::Everything, Shape::Delegates),
        ),
        (
            "root",
            "the root user",
            (OWNER, Identity::Root, Shape::Delegates),
        ),
        (
            "only",
            "a user who may do this and nothing else",
            (OWNER, Identity::Only, Shape::Delegates),
        ),
        (
            "nobody",
            "a user without policies",
            (OWNER, Identity::Nothing, Shape::Delegates),
        ),
        (
            "named",
            "nobody, whom the key policy names",
            (OWNER, Identity::Nothing, Shape::Names),
        ),
        (
            "closed",
            "admin, where the key policy names another user alone",
            (OWNER, Identity::Everything, Shape::Closed),
        ),
        (
            "closed-root",
            "the root user, likewise",
            (OWNER, Identity::Root, Shape::Closed),
        ),
        (
            "banned",
            "admin, whom the key policy denies",
            (OWNER, Identity::Everything, Shape::Denies),
        ),
        (
            "granted",
            "nobody, with a grant where there can be one",
            (OWNER, Identity::Nothing, Shape::Grants),
        ),
        (
            "stranger",
            "the admin of another account",
            (FOREIGN, Identity::Everything, Shape::Delegates),
        ),
        (
            "guest",
            "stranger, whom the key policy names",
            (FOREIGN, Identity::Everything, Shape::Names),
        ),
        (
            "shy",
            "nobody of another account, whom the key policy names",
            (FOREIGN, Identity::Nothing, Shape::Names),
        ),
        (
            "far-granted",
            "nobody of another account, with a grant where there can be one",
            (FOREIGN, Identity::Nothing, Shape::Grants),
        ),
    ],
    routes: ROUTES,
};

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
/// has set the scene.
async fn input(admin: &Client, operation: &str, key: &str) -> Value {
    let text = base64(b"text");
    let delegating = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": OWNER.to_string()}, "Action": "kms:*", "Resource": "*",
    }));
    let me = admin.caller.arn.to_string();
    let blob =
        |input: Value| async move { admin.ok("kms:Encrypt", input).await["CiphertextBlob"].take() };
    match operation {
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
        unknown => panic!("give {unknown} an input above"),
    }
}

fn actions(route: &Route) -> Vec<&'static str> {
    match route.name {
        "ReEncrypt" => vec!["kms:ReEncryptFrom", "kms:ReEncryptTo"],
        _ => vec![route.action],
    }
}

/// What comes of an operation called by this kind of caller.
async fn outcome(route: &Route, head: &str, &(number, identity, shape): &Column) -> String {
    let operation = route.name;
    let admin = administrator().await;
    let made = admin.ok("kms:CreateKey", kind(operation)).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let actions = actions(route);
    let client = caller(&admin.world, number, head, identity, &actions).await;
    let request = input(&admin, operation, &key).await;

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
    cell(client.call(&format!("kms:{operation}"), request).await)
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    MATRIX.check(outcome).await;
}
