//! What is encrypted is decrypted, and nothing else is.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{base64, bytes, key, later, plain_key};
use crate::client::{Client, administrator};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

/// What can be done with a key or its ciphertext between encryption and
/// decryption.
#[derive(Clone, Debug)]
enum Step {
    Rotate,
    ReEncrypt(u8, BTreeMap<String, String>),
    DisableAndEnable,
    YearsPass,
}

fn context() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[a-zA-Zé ]{0,6}", "[a-z0-9=&é]{0,6}", 0..4)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Rotate),
        (0..2_u8, context()).prop_map(|(key, context)| Step::ReEncrypt(key, context)),
        Just(Step::DisableAndEnable),
        Just(Step::YearsPass),
    ]
}

async fn decrypted(
    client: &Client,
    blob: &[u8],
    context: &BTreeMap<String, String>,
) -> Result<Vec<u8>, String> {
    let input = json!({"CiphertextBlob": base64(blob), "EncryptionContext": context});
    let answer = client.call("kms:Decrypt", input).await;
    answer
        .map(|answer| bytes(&answer["Plaintext"]))
        .map_err(|(code, _)| code)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_encrypted_is_decrypted_after_anything_and_nothing_else_is(
        plaintext in proptest::collection::vec(any::<u8>(), 1..200),
        first in context(),
        other in context(),
        steps in proptest::collection::vec(step(), 0..5),
        bit in any::<proptest::sample::Index>(),
    ) {
        runtime().block_on(async {
            let client = administrator().await;
            let made = key(&client, json!({"MultiRegion": true})).await;
            let keys = [made["Arn"].as_str().unwrap().to_owned(), plain_key(&client).await];
            for key in &keys {
                client.ok("kms:EnableKeyRotation", json!({"KeyId": key})).await;
            }
            let replicate = json!({"KeyId": keys[0], "ReplicaRegion": "eu-west-1"});
            client.ok("kms:ReplicateKey", replicate).await;
            let mut at = 0_usize;
            let mut context = first;
            let input = json!({
                "KeyId": keys[at], "Plaintext": base64(&plaintext), "EncryptionContext": context,
            });
            let mut blob = bytes(&client.ok("kms:Encrypt", input).await["CiphertextBlob"]);
            for step in steps {
                match step {
                    Step::Rotate => {
                        client.ok("kms:RotateKeyOnDemand", json!({"KeyId": keys[at]})).await;
                    }
                    Step::ReEncrypt(to, new) => {
                        let input = json!({
                            "CiphertextBlob": base64(&blob), "SourceEncryptionContext": context,
                            "DestinationKeyId": keys[usize::from(to)],
                            "DestinationEncryptionContext": new,
                        });
                        let answer = client.ok("kms:ReEncrypt", input).await;
                        blob = bytes(&answer["CiphertextBlob"]);
                        (at, context) = (to.into(), new);
                    }
                    Step::DisableAndEnable => {
                        client.ok("kms:DisableKey", json!({"KeyId": keys[at]})).await;
                        let refused = decrypted(&client, &blob, &context).await;
                        assert_eq!(refused, Err("DisabledException".to_owned()));
                        client.ok("kms:EnableKey", json!({"KeyId": keys[at]})).await;
                    }
                    Step::YearsPass => {
                        later(&client, 366).await;
                    }
                }
            }
            assert_eq!(decrypted(&client, &blob, &context).await, Ok(plaintext.clone()));
            if at == 0 {
                let replica = client.region("eu-west-1");
                assert_eq!(decrypted(&replica, &blob, &context).await, Ok(plaintext));
            }
            let invalid = Err("InvalidCiphertextException".to_owned());
            if other != context {
                assert_eq!(decrypted(&client, &blob, &other).await, invalid);
            }
            // Any changed bit: it is no ciphertext any more, or names a key that
            // is not there.
            let bit = bit.index(blob.len() * 8);
            blob[bit / 8] ^= 1 << (bit % 8);
            let changed = decrypted(&client, &blob, &context).await;
            assert!(
                changed == invalid || changed == Err("AccessDeniedException".to_owned()),
                "bit {bit}: {changed:?}"
            );
        });
    }
}

#[tokio::test]
async fn a_ciphertext_is_of_its_key_alone() {
    let client = administrator().await;
    let (mine, other) = (plain_key(&client).await, plain_key(&client).await);
    let input = json!({"KeyId": mine, "Plaintext": base64(b"text")});
    let blob = client.ok("kms:Encrypt", input).await["CiphertextBlob"].take();
    let input = json!({"CiphertextBlob": blob, "KeyId": other});
    let (code, message) = client.refused("kms:Decrypt", input).await;
    assert_eq!(code, "IncorrectKeyException");
    assert_eq!(
        message,
        "The key ID in the request does not identify a CMK that can perform this operation."
    );
    for nonsense in [b"x".as_slice(), &[1; 100], &[0; 6144]] {
        let input = json!({"CiphertextBlob": base64(nonsense)});
        let (code, message) = client.refused("kms:Decrypt", input).await;
        assert!(
            code == "InvalidCiphertextException" && message.is_empty()
                || code == "AccessDeniedException",
            "{code}"
        );
    }
}

#[tokio::test]
async fn data_keys_are_as_long_as_asked_and_come_back() {
    let client = administrator().await;
    let key = plain_key(&client).await;
    for (asked, length) in [
        (json!({"KeySpec": "AES_256"}), 32),
        (json!({"KeySpec": "AES_128"}), 16),
        (json!({"NumberOfBytes": 77}), 77),
    ] {
        let mut input = asked.clone();
        input["KeyId"] = Value::from(key.as_str());
        let answer = client.ok("kms:GenerateDataKey", input.clone()).await;
        let plaintext = bytes(&answer["Plaintext"]);
        assert_eq!(plaintext.len(), length);
        let opened = client
            .ok(
                "kms:Decrypt",
                json!({"CiphertextBlob": answer["CiphertextBlob"]}),
            )
            .await;
        assert_eq!(bytes(&opened["Plaintext"]), plaintext);
        let answer = client
            .ok("kms:GenerateDataKeyWithoutPlaintext", input)
            .await;
        assert_eq!(answer.get("Plaintext"), None);
        let opened = client
            .ok(
                "kms:Decrypt",
                json!({"CiphertextBlob": answer["CiphertextBlob"]}),
            )
            .await;
        assert_eq!(bytes(&opened["Plaintext"]).len(), length);
    }
    for wrong in [
        json!({"KeyId": key}),
        json!({"KeyId": key, "KeySpec": "AES_256", "NumberOfBytes": 1}),
    ] {
        assert_eq!(
            client.code("kms:GenerateDataKey", wrong).await,
            "ValidationException"
        );
    }
}

#[tokio::test]
async fn a_dry_run_does_nothing_and_says_whether_it_would_have() {
    let client = administrator().await;
    let key = plain_key(&client).await;
    let blob = super::support::encrypt(&client, &key, "text").await;
    for (operation, input) in [
        ("kms:Encrypt", json!({"KeyId": key, "Plaintext": "eA=="})),
        ("kms:Decrypt", json!({"CiphertextBlob": blob})),
        (
            "kms:Decrypt",
            json!({"KeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
        ),
        (
            "kms:ReEncrypt",
            json!({"CiphertextBlob": blob, "DestinationKeyId": key}),
        ),
        (
            "kms:GenerateDataKey",
            json!({"KeyId": key, "KeySpec": "AES_256"}),
        ),
        (
            "kms:GenerateDataKeyPair",
            json!({"KeyId": key, "KeyPairSpec": "RSA_4096"}),
        ),
        (
            "kms:CreateGrant",
            json!({"KeyId": key, "GranteePrincipal": client.caller.arn.to_string(), "Operations": ["Decrypt"]}),
        ),
    ] {
        let mut input = input;
        input["DryRun"] = true.into();
        let (code, message) = client.refused(operation, input).await;
        assert_eq!(code, "DryRunOperationException", "{operation}: {message}");
        assert_eq!(
            message,
            "The request would have succeeded, but the DryRun option is set."
        );
    }
    let grants = client.ok("kms:ListGrants", json!({"KeyId": key})).await;
    assert_eq!(grants["Grants"], json!([]));
    client.ok("kms:DisableKey", json!({"KeyId": key})).await;
    let input = json!({"KeyId": key, "Plaintext": "eA==", "DryRun": true});
    assert_eq!(client.code("kms:Encrypt", input).await, "DisabledException");
}
