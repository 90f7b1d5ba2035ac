//! What KMS handed out and takes back: ciphertexts, import tokens, grant
//! tokens, markers; and what strangers make: wrapped material, public keys.
//! Genuine ones are changed, others made up.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use strongroom_fuzz::{ACCOUNT, Deployment, Outcome, Who, block_on, route};

#[derive(Arbitrary, Debug)]
struct Input {
    what: What,
    /// Whether the genuine bytes are changed, or others stand alone.
    genuine: bool,
    shorter: u8,
    changes: Vec<(u16, u8)>,
    noise: Vec<u8>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum What {
    Ciphertext,
    GrantToken,
    ImportToken,
    Marker,
    PublicKey,
    RsaCiphertext,
    WrappedMaterial,
}

/// A deployment with a key of each kind, and what it handed out. It is made
/// once: RSA keys take their time, and nothing below changes it for good.
struct World {
    deployment: Deployment,
    symmetric: String,
    rsa: String,
    agreement: String,
    external: String,
    ciphertext: Vec<u8>,
    rsa_ciphertext: Vec<u8>,
    grant_token: Vec<u8>,
    import_token: Vec<u8>,
    public_key: Vec<u8>,
    marker: Vec<u8>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| block_on(World::new()));

impl World {
    async fn new() -> Self {
        let deployment = Deployment::new().await;
        let key = async |spec: &str, usage: &str, origin: &str| {
            let input = json!({"KeySpec": spec, "KeyUsage": usage, "Origin": origin});
            let made = deployment.ok("kms:CreateKey", &input).await;
            text(&made["KeyMetadata"]["KeyId"])
        };
        let symmetric = key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS").await;
        let rsa = key("RSA_2048", "ENCRYPT_DECRYPT", "AWS_KMS").await;
        let agreement = key("ECC_NIST_P256", "KEY_AGREEMENT", "AWS_KMS").await;
        let external = key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EXTERNAL").await;
        let ok = async |operation: &str, input: Value| deployment.ok(operation, &input).await;
        let sealed = ok(
            "kms:Encrypt",
            json!({"KeyId": symmetric, "Plaintext": "cGxhaW4="}),
        )
        .await;
        let rsa_sealed = ok(
            "kms:Encrypt",
            json!({
                "KeyId": rsa, "Plaintext": "cGxhaW4=", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256",
            }),
        )
        .await;
        let grant = ok(
            "kms:CreateGrant",
            json!({
                "KeyId": symmetric, "Operations": ["Decrypt"],
                "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"),
            }),
        )
        .await;
        let import = ok(
            "kms:GetParametersForImport",
            json!({
                "KeyId": external, "WrappingAlgorithm": "RSA_AES_KEY_WRAP_SHA_256",
                "WrappingKeySpec": "RSA_2048",
            }),
        )
        .await;
        let public = ok("kms:GetPublicKey", json!({"KeyId": agreement})).await;
        let page = ok("kms:ListKeys", json!({"Limit": 1})).await;
        Self {
            ciphertext: bytes(&sealed["CiphertextBlob"]),
            rsa_ciphertext: bytes(&rsa_sealed["CiphertextBlob"]),
            grant_token: text(&grant["GrantToken"]).into_bytes(),
            import_token: bytes(&import["ImportToken"]),
            public_key: bytes(&public["PublicKey"]),
            marker: text(&page["NextMarker"]).into_bytes(),
            deployment,
            symmetric,
            rsa,
            agreement,
            external,
        }
    }

    async fn call(&self, operation: &str, input: Value) -> Outcome {
        let route = route(operation).unwrap();
        let body = input.to_string();
        self.deployment
            .call(Who::Admin, route, body.as_bytes())
            .await
    }
}

fuzz_target!(|input: Input| block_on(async {
    let world = &*WORLD;
    let genuine = match input.what {
        What::Ciphertext => &world.ciphertext,
        What::GrantToken => &world.grant_token,
        What::ImportToken | What::WrappedMaterial => &world.import_token,
        What::Marker => &world.marker,
        What::PublicKey => &world.public_key,
        What::RsaCiphertext => &world.rsa_ciphertext,
    };
    let sent = if input.genuine {
        let mut sent = genuine.clone();
        for (at, by) in &input.changes {
            let at = usize::from(*at) % sent.len();
            sent[at] ^= by;
        }
        sent.truncate(sent.len().saturating_sub(input.shorter.into()));
        sent
    } else {
        input.noise
    };
    let same = sent == *genuine;
    let blob = BASE64_STANDARD.encode(&sent);
    let words = String::from_utf8_lossy(&sent);
    let (outcome, refusals): (_, &[&str]) = match input.what {
        What::Ciphertext => (
            world.call("kms:Decrypt", json!({"CiphertextBlob": blob})).await,
            &["InvalidCiphertextException", "AccessDeniedException"],
        ),
        What::RsaCiphertext => (
            world
                .call("kms:Decrypt", json!({
                    "KeyId": world.rsa, "CiphertextBlob": blob,
                    "EncryptionAlgorithm": "RSAES_OAEP_SHA_256",
                }))
                .await,
            &["InvalidCiphertextException"],
        ),
        What::GrantToken => (
            world
                .call("kms:Encrypt", json!({
                    "KeyId": world.symmetric, "Plaintext": "eA==", "GrantTokens": [words],
                }))
                .await,
            &["InvalidGrantTokenException"],
        ),
        What::Marker => (
            world.call("kms:ListKeys", json!({"Limit": 1, "Marker": words})).await,
            &["InvalidMarkerException"],
        ),
        What::PublicKey => (
            world
                .call("kms:DeriveSharedSecret", json!({
                    "KeyId": world.agreement, "KeyAgreementAlgorithm": "ECDH", "PublicKey": blob,
                }))
                .await,
            &[],
        ),
        What::ImportToken | What::WrappedMaterial => {
            let token = if matches!(input.what, What::ImportToken) {
                blob.clone()
            } else {
                BASE64_STANDARD.encode(&world.import_token)
            };
            let outcome = world
                .call("kms:ImportKeyMaterial", json!({
                    "KeyId": world.external, "ImportToken": token, "EncryptedKeyMaterial": blob,
                    "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
                }))
                .await;
            // Nobody wraps 32 bytes by chance.
            assert!(outcome.is_err());
            (
                outcome,
                &["InvalidImportTokenException", "InvalidCiphertextException"],
            )
        }
    };
    match outcome {
        Ok(answer) => {
            // Bits of base64 that stand for nothing may differ in a token;
            // another point of the curve is a public key too.
            let open = matches!(
                input.what,
                What::GrantToken | What::Marker | What::PublicKey
            );
            assert!(same || open, "{answer}");
            if matches!(input.what, What::Ciphertext | What::RsaCiphertext) {
                assert_eq!(answer["Plaintext"], "cGxhaW4=");
            }
        }
        Err(refusal) => {
            let is_import = matches!(input.what, What::ImportToken | What::WrappedMaterial);
            assert!(!same || is_import, "{refusal:?}");
            let known = refusal.code == "ValidationException" || refusals.contains(&refusal.code);
            assert!(known, "{refusal:?}");
        }
    }
}));

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}
