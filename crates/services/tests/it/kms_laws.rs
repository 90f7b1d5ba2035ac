//! What holds of ciphertexts whatever is done with their keys: each opens with
//! its own key and context, in every Region that has the key, after any number
//! of rotations and re-encryptions, and nothing else opens anything.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use strongroom_services::{jobs, tables::KmsKeys};

use crate::client::{Client, administrator, assert_sound, problems, rows};

const THERE: &str = "eu-west-1";

/// Encryption contexts that are easily taken for one another.
fn context(number: u8) -> Value {
    match number % 6 {
        0 => json!({}),
        1 => json!({"a": "bc"}),
        2 => json!({"ab": "c"}),
        3 => json!({"a": "b", "c": ""}),
        4 => json!({"a": "b", "C": ""}),
        _ => json!({"": "abc"}),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Disable(Index),
    Enable(Index),
    Encrypt(Index, u8, Vec<u8>),
    GenerateDataKey(Index, u8),
    NewKey { multi_region: bool },
    ReEncrypt(Index, Index, u8),
    Replicate(Index),
    Rotate(Index),
}

fn step() -> impl Strategy<Value = Step> {
    let plaintext = prop::collection::vec(any::<u8>(), 1..64);
    prop_oneof![
        1 => any::<Index>().prop_map(Step::Disable),
        1 => any::<Index>().prop_map(Step::Enable),
        6 => (any::<Index>(), any::<u8>(), plaintext)
            .prop_map(|(key, context, plaintext)| Step::Encrypt(key, context, plaintext)),
        3 => (any::<Index>(), any::<u8>())
            .prop_map(|(key, context)| Step::GenerateDataKey(key, context)),
        2 => any::<bool>().prop_map(|multi_region| Step::NewKey { multi_region }),
        4 => (any::<Index>(), any::<Index>(), any::<u8>())
            .prop_map(|(blob, key, context)| Step::ReEncrypt(blob, key, context)),
        1 => any::<Index>().prop_map(Step::Replicate),
        3 => any::<Index>().prop_map(Step::Rotate),
    ]
}

struct Key {
    id: String,
    multi_region: bool,
    replicated: bool,
    disabled: bool,
    rotations: usize,
}

struct Blob {
    key: usize,
    context: u8,
    plaintext: Vec<u8>,
    blob: String,
}

struct Model {
    client: Client,
    keys: Vec<Key>,
    blobs: Vec<Blob>,
}

impl Model {
    async fn new_key(&mut self, multi_region: bool) {
        let made = self
            .client
            .ok("kms:CreateKey", json!({"MultiRegion": multi_region}))
            .await;
        self.keys.push(Key {
            id: text(&made["KeyMetadata"]["KeyId"]),
            multi_region,
            replicated: false,
            disabled: false,
            rotations: 0,
        });
    }

    /// A call that succeeds unless one of the keys that it needs is disabled.
    async fn call(&self, operation: &str, input: Value, keys: &[usize]) -> Option<Value> {
        let disabled = keys.iter().any(|key| self.keys[*key].disabled);
        match self.client.call(operation, input).await {
            Ok(answer) => {
                assert!(!disabled, "{operation} with a disabled key");
                Some(answer)
            }
            Err((code, message)) => {
                assert!(disabled && code == "DisabledException", "{code}: {message}");
                None
            }
        }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Disable(key) | Step::Enable(key) => {
                let enable = matches!(step, Step::Enable(_));
                let operation = if enable {
                    "kms:EnableKey"
                } else {
                    "kms:DisableKey"
                };
                let key = key.index(self.keys.len());
                let key = &mut self.keys[key];
                key.disabled = !enable;
                let input = json!({"KeyId": key.id});
                self.client.ok(operation, input).await;
            }
            Step::Encrypt(key, given, plaintext) => {
                let key = key.index(self.keys.len());
                let input = json!({
                    "KeyId": self.keys[key].id, "Plaintext": BASE64_STANDARD.encode(plaintext),
                    "EncryptionContext": context(*given),
                });
                if let Some(made) = self.call("kms:Encrypt", input, &[key]).await {
                    self.keep(key, *given, plaintext.clone(), &made["CiphertextBlob"]);
                }
            }
            Step::GenerateDataKey(key, given) => {
                let key = key.index(self.keys.len());
                let input = json!({
                    "KeyId": self.keys[key].id, "KeySpec": "AES_256",
                    "EncryptionContext": context(*given),
                });
                if let Some(made) = self.call("kms:GenerateDataKey", input, &[key]).await {
                    let plaintext = bytes(&made["Plaintext"]);
                    assert_eq!(plaintext.len(), 32);
                    self.keep(key, *given, plaintext, &made["CiphertextBlob"]);
                }
            }
            Step::NewKey { multi_region } => self.new_key(*multi_region).await,
            Step::ReEncrypt(blob, key, given) => {
                if self.blobs.is_empty() {
                    return;
                }
                let blob = &self.blobs[blob.index(self.blobs.len())];
                let (from, to) = (blob.key, key.index(self.keys.len()));
                let plaintext = blob.plaintext.clone();
                let input = json!({
                    "CiphertextBlob": blob.blob, "SourceEncryptionContext": context(blob.context),
                    "DestinationKeyId": self.keys[to].id,
                    "DestinationEncryptionContext": context(*given),
                });
                if let Some(made) = self.call("kms:ReEncrypt", input, &[from, to]).await {
                    self.keep(to, *given, plaintext, &made["CiphertextBlob"]);
                }
            }
            Step::Replicate(key) => {
                let key = key.index(self.keys.len());
                let input = json!({"KeyId": self.keys[key].id, "ReplicaRegion": THERE});
                let found = &self.keys[key];
                if !found.multi_region || found.replicated {
                    self.client.refused("kms:ReplicateKey", input).await;
                } else if self.call("kms:ReplicateKey", input, &[key]).await.is_some() {
                    self.keys[key].replicated = true;
                }
            }
            Step::Rotate(key) => {
                let key = key.index(self.keys.len());
                if self.keys[key].rotations == 25 {
                    return;
                }
                let input = json!({"KeyId": self.keys[key].id});
                if self
                    .call("kms:RotateKeyOnDemand", input, &[key])
                    .await
                    .is_some()
                {
                    self.keys[key].rotations += 1;
                }
            }
        }
    }

    fn keep(&mut self, key: usize, context: u8, plaintext: Vec<u8>, blob: &Value) {
        self.blobs.push(Blob {
            key,
            context,
            plaintext,
            blob: text(blob),
        });
    }

    async fn judge(&mut self, flips: &[Index]) {
        for key in &mut self.keys {
            if key.disabled {
                self.client
                    .ok("kms:EnableKey", json!({"KeyId": key.id}))
                    .await;
                key.disabled = false;
            }
        }
        let there = self.client.region(THERE);
        for blob in &self.blobs {
            let key = &self.keys[blob.key];
            let own = json!({
                "CiphertextBlob": blob.blob, "EncryptionContext": context(blob.context),
            });
            let with = |member: &str, value: Value| {
                let mut input = own.clone();
                input[member] = value;
                input
            };
            for input in [own.clone(), with("KeyId", json!(key.id))] {
                let opened = self.client.ok("kms:Decrypt", input).await;
                assert_eq!(bytes(&opened["Plaintext"]), blob.plaintext);
                assert!(text(&opened["KeyId"]).ends_with(&key.id));
            }
            if key.replicated {
                let opened = there.ok("kms:Decrypt", own.clone()).await;
                assert_eq!(bytes(&opened["Plaintext"]), blob.plaintext);
            } else {
                assert_eq!(
                    there.code("kms:Decrypt", own.clone()).await,
                    "AccessDeniedException"
                );
            }
            for other in (0..6).filter(|other| *other != blob.context % 6) {
                let input = with("EncryptionContext", context(other));
                let code = self.client.code("kms:Decrypt", input).await;
                assert_eq!(code, "InvalidCiphertextException");
            }
            for other in self.keys.iter().filter(|other| other.id != key.id) {
                let input = with("KeyId", json!(other.id));
                let code = self.client.code("kms:Decrypt", input).await;
                assert_eq!(code, "IncorrectKeyException");
            }
            let whole = bytes(&json!(blob.blob));
            for flip in flips {
                let mut changed = whole.clone();
                let bit = flip.index(changed.len() * 8);
                changed[bit / 8] ^= 1 << (bit % 8);
                let input = with("CiphertextBlob", json!(BASE64_STANDARD.encode(&changed)));
                let code = self.client.code("kms:Decrypt", input.clone()).await;
                // A changed name of the key may name one that is not there.
                assert!(
                    ["InvalidCiphertextException", "AccessDeniedException"].contains(&&*code),
                    "bit {bit}: {code}"
                );
            }
        }
        assert_sound(&problems(&self.client.world).await);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_ciphertext_opens_as_it_was_made_and_in_no_other_way(
        steps in prop::collection::vec(step(), 1..40),
        flips in prop::collection::vec(any::<Index>(), 4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut model = Model { client: administrator().await, keys: Vec::new(), blobs: Vec::new() };
            model.new_key(true).await;
            for step in &steps {
                model.take(step).await;
            }
            model.judge(&flips).await;
        });
    }
}

#[tokio::test]
async fn a_deleted_key_is_gone_for_good_and_so_is_what_it_sealed() {
    let client = administrator().await;
    let made = client.ok("kms:CreateKey", json!({})).await;
    let id = text(&made["KeyMetadata"]["KeyId"]);
    let arn = text(&made["KeyMetadata"]["Arn"]);
    let alias = json!({"AliasName": "alias/doomed", "TargetKeyId": id});
    client.ok("kms:CreateAlias", alias.clone()).await;
    let plaintext = json!({"KeyId": id, "Plaintext": "eA=="});
    let blob = client.ok("kms:Encrypt", plaintext).await["CiphertextBlob"].take();
    let secret = json!({"Name": "a", "SecretString": "x", "KmsKeyId": id,
        "ClientRequestToken": crate::client::token("a")});
    client.ok("CreateSecret", secret).await;
    let window = json!({"KeyId": id, "PendingWindowInDays": 7});
    client.ok("kms:ScheduleKeyDeletion", window).await;

    let clock = &client.world.clock;
    clock.advance(jiff::SignedDuration::from_hours(7 * 24 - 1));
    jobs::run_due(&client.world.services).await.unwrap();
    let described = client.ok("kms:DescribeKey", json!({"KeyId": id})).await;
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingDeletion");

    clock.advance(jiff::SignedDuration::from_hours(2));
    jobs::run_due(&client.world.services).await.unwrap();
    let missing = format!("Key '{arn}' does not exist");
    assert_eq!(
        client
            .refused("kms:DescribeKey", json!({"KeyId": id}))
            .await,
        ("NotFoundException".to_owned(), missing)
    );
    let gone = client
        .code("kms:DescribeKey", json!({"KeyId": "alias/doomed"}))
        .await;
    assert_eq!(gone, "NotFoundException");
    let opening = json!({"CiphertextBlob": blob});
    assert_eq!(
        client.code("kms:Decrypt", opening).await,
        "AccessDeniedException"
    );
    assert_eq!(
        client
            .code("GetSecretValue", json!({"SecretId": "a"}))
            .await,
        "DecryptionFailure"
    );
    // Nothing of the material is left.
    let left = rows::<KmsKeys>(&client.world).await;
    assert!(left.iter().all(|((.., known), _)| *known != id));
    // The name is free for another key, which opens nothing of the old one.
    let made = client.ok("kms:CreateKey", json!({})).await;
    let alias = json!({"AliasName": "alias/doomed", "TargetKeyId": made["KeyMetadata"]["KeyId"]});
    client.ok("kms:CreateAlias", alias).await;
    let opening = json!({"CiphertextBlob": blob, "KeyId": "alias/doomed"});
    assert_eq!(
        client.code("kms:Decrypt", opening).await,
        "IncorrectKeyException"
    );
    assert_eq!(
        client
            .code("GetSecretValue", json!({"SecretId": "a"}))
            .await,
        "DecryptionFailure"
    );
    assert_sound(&problems(&client.world).await);
}
