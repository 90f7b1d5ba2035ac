//! Sealing and opening secret values for a caller.
//!
//! Each value is sealed under a data key of its own, and the data key under a
//! KMS key, both bound to the encryption context `{SecretARN,
//! SecretVersionId}`. Every use of a KMS key leaves its own record, with the
//! key's ARN and the context, under the caller's identity.

use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_crypto::{AeadKey, Random};
use strongroom_policy::{Policy, Values};
use strongroom_store::StoreError;
use strongroom_types::{AccountId, Arn};
use zeroize::Zeroizing;

use super::{
    ciphertext::Header,
    key::{self, KeyName, OpenKey},
};
use crate::{
    authorize::{Keys, Target, forwarded},
    cloudtrail::{Event, Kind, Resource},
    context::{Context, Home},
};

const EVENT_SOURCE: &str = "kms.amazonaws.com";
/// KMS says no more than the name.
const INVALID_CIPHERTEXT: (&str, String) = ("InvalidCiphertextException", String::new());

/// Why a key could not be used.
#[derive(Debug)]
pub enum KeyError {
    /// The AWS managed key serves its own account only.
    AnotherAccount,
    /// A policy does not let the caller have the key used.
    Denied,
    /// The blob does not open: changed, or of another key or context.
    Ciphertext,
    /// There is no such key; the text is KMS's.
    NotFound(String),
    /// The store could not be used.
    Store(StoreError),
}

impl From<StoreError> for KeyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The encryption context of a secret's version.
#[derive(Clone, Debug)]
pub struct EncryptionContext {
    /// The secret's full ARN.
    pub secret_arn: Arn,
    /// The version's id.
    pub version_id: String,
}

/// A sealed value and how to open it.
pub struct Sealed {
    /// The value under its data key.
    pub ciphertext: Vec<u8>,
    /// The data key under the KMS key.
    pub encrypted_data_key: Vec<u8>,
}

impl EncryptionContext {
    /// Every pair with its lengths, so that no two contexts look the same.
    fn associated(&self) -> Vec<u8> {
        let pairs = [
            ("SecretARN", self.secret_arn.as_str()),
            ("SecretVersionId", &self.version_id),
        ];
        let mut bytes = Vec::with_capacity(200);
        for text in pairs.iter().flat_map(|(key, value)| [*key, *value]) {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    fn record(&self) -> Value {
        json!({"SecretARN": self.secret_arn.as_str(), "SecretVersionId": self.version_id})
    }
}

/// The key that a request chose for a secret of `home`: the one it names, or
/// the account's AWS managed key.
///
/// # Errors
/// [`KeyError::NotFound`].
pub async fn chosen_key(
    cx: &mut Context<'_>,
    home: &Home,
    named: Option<&str>,
) -> Result<Arc<OpenKey>, KeyError> {
    let name = named.map(|text| KeyName::parse(text, *home)).transpose();
    let opened = match name.map_err(KeyError::NotFound)? {
        None => key::default_key(cx, home).await?,
        Some(KeyName::Alias(of, alias)) if of == *home && alias == key::DEFAULT_ALIAS => {
            key::default_key(cx, home).await?
        }
        Some(name) => {
            let (of, id) = name.resolve(cx).await?.map_err(KeyError::NotFound)?;
            key::open(cx, &of, &id)
                .await?
                .ok_or_else(|| KeyError::NotFound(id))?
        }
    };
    Ok(opened)
}

/// The ARN of the key that a request names, for policies; nothing if it names
/// none that is there.
///
/// # Errors
/// When the store fails.
pub async fn named_key(
    cx: &mut Context<'_>,
    home: &Home,
    named: Option<&str>,
) -> Result<Option<Arn>, StoreError> {
    let Some(Ok(name)) = named.map(|text| KeyName::parse(text, *home)) else {
        return Ok(None);
    };
    let resolved = name.resolve(cx).await?.ok();
    Ok(resolved.map(|(of, id)| of.arn("kms", format_args!("key/{id}"))))
}

/// Seals a value under a fresh data key: KMS's `GenerateDataKey`.
///
/// # Errors
/// [`KeyError::Denied`], [`KeyError::AnotherAccount`]; [`KeyError::Ciphertext`]
/// if the key has no material.
pub fn seal(
    cx: &mut Context<'_>,
    key: &OpenKey,
    context: &EncryptionContext,
    value: &[u8],
) -> Result<Sealed, KeyError> {
    let used = permitted(cx, key, Use::GenerateDataKey, context)?;
    cx.events.push(used);
    let random = cx.services.random.as_ref();
    let associated = context.associated();
    let data_key = random.key();
    Ok(Sealed {
        encrypted_data_key: wrap(random, key, &associated, data_key.as_ref())?,
        ciphertext: AeadKey::new(&data_key).seal(random, &associated, value),
    })
}

/// Opens a sealed value: KMS's `Decrypt`.
///
/// # Errors
/// [`KeyError::Denied`], [`KeyError::AnotherAccount`]; [`KeyError::Ciphertext`]
/// if it is not as it was sealed, or not in its place; [`KeyError::NotFound`]
/// if its key is gone.
pub async fn open(
    cx: &mut Context<'_>,
    home: &Home,
    context: &EncryptionContext,
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let decoded = Header::decode(&sealed.encrypted_data_key);
    let Some((header, head, body)) = decoded else {
        keyless(cx, context, INVALID_CIPHERTEXT);
        return Err(KeyError::Ciphertext);
    };
    let home = Home {
        account: header.account,
        ..*home
    };
    let Some(key) = key::open(cx, &home, &header.key_id).await? else {
        let text = key::not_found(&home, &header.key_id);
        keyless(cx, context, ("NotFoundException", text.clone()));
        return Err(KeyError::NotFound(text));
    };
    let mut used = permitted(cx, &key, Use::Decrypt, context)?;
    let associated = context.associated();
    let opened = key
        .material(&header.material_id)
        .and_then(|material| material.open(&[head, &associated].concat(), body).ok())
        .and_then(|bytes| {
            <[u8; 32]>::try_from(bytes.as_slice())
                .ok()
                .map(Zeroizing::new)
        })
        .and_then(|data_key| {
            AeadKey::new(&data_key)
                .open(&associated, &sealed.ciphertext)
                .ok()
        });
    if opened.is_none() {
        used.error = Some(INVALID_CIPHERTEXT);
    }
    cx.events.push(used);
    opened.ok_or(KeyError::Ciphertext)
}

/// What AWS does when a key is chosen for a secret: one use of each kind, in
/// the caller's name, for nothing.
///
/// # Errors
/// [`KeyError::Denied`], [`KeyError::AnotherAccount`].
pub fn validate(cx: &mut Context<'_>, key: &OpenKey, secret_arn: &Arn) -> Result<(), KeyError> {
    let context = EncryptionContext {
        secret_arn: secret_arn.clone(),
        version_id: "RequestToValidateKeyAccess".to_owned(),
    };
    for how in [Use::GenerateDataKey, Use::Decrypt] {
        let used = permitted(cx, key, how, &context)?;
        cx.events.push(used);
    }
    Ok(())
}

/// How Secrets Manager uses keys.
#[derive(Clone, Copy)]
enum Use {
    Decrypt,
    GenerateDataKey,
}

/// The event of a use of a key, if the caller may have it used; a refusal is
/// recorded here.
fn permitted(
    cx: &mut Context<'_>,
    key: &OpenKey,
    how: Use,
    context: &EncryptionContext,
) -> Result<Event, KeyError> {
    let (name, action, parameters) = match how {
        Use::Decrypt => (
            "Decrypt",
            "kms:Decrypt",
            json!({
                "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context.record(),
            }),
        ),
        Use::GenerateDataKey => (
            "GenerateDataKey",
            "kms:GenerateDataKey",
            json!({
                "keyId": key.arn.as_str(), "keySpec": "AES_256",
                "encryptionContext": context.record(),
            }),
        ),
    };
    let mut event = event(name, Some(key), parameters);
    let target = KeyInUse {
        key,
        context,
        caller: cx.request.caller.account,
    };
    let Err(message) = forwarded(cx, &target, action, &Keys::default()) else {
        return Ok(event);
    };
    event.error = Some(("AccessDenied", message));
    cx.events.push(event);
    if key.home.account == cx.request.caller.account {
        Err(KeyError::Denied)
    } else {
        Err(KeyError::AnotherAccount)
    }
}

/// A key with what policies may ask of its use.
struct KeyInUse<'a> {
    key: &'a OpenKey,
    context: &'a EncryptionContext,
    caller: AccountId,
}

impl Target for KeyInUse<'_> {
    fn resource(&self) -> &str {
        self.key.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.key.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.key.home.account)
    }

    fn policy(&self) -> Option<&Policy> {
        Some(&self.key.policy)
    }

    fn condition_keys(&self, _: &mut Keys) {}

    /// Source: KMS Developer Guide, "Condition keys for AWS KMS".
    fn condition_key(&self, key: &str) -> Option<Values<'_>> {
        Some(Values::One(match key {
            "kms:calleraccount" => self.caller.to_string().into(),
            "kms:encryptioncontext:secretarn" => self.context.secret_arn.as_str().into(),
            "kms:encryptioncontext:secretversionid" => self.context.version_id.as_str().into(),
            "kms:encryptioncontextkeys" => {
                let names = ["SecretARN", "SecretVersionId"];
                return Some(Values::Many(names.map(Into::into).into()));
            }
            "kms:viaservice" => key::via_service(&self.key.home).into(),
            _ => return None,
        }))
    }
}

/// Records a `Decrypt` whose key is not there.
fn keyless(cx: &mut Context<'_>, context: &EncryptionContext, error: (&'static str, String)) {
    let parameters = json!({
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context.record(),
    });
    let mut event = event("Decrypt", None, parameters);
    event.error = Some(error);
    cx.events.push(event);
}

fn wrap(
    random: &dyn Random,
    key: &OpenKey,
    associated: &[u8],
    data_key: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let (material_id, material) = key.current().ok_or(KeyError::Ciphertext)?;
    let header = Header {
        account: key.home.account,
        key_id: key.id.clone(),
        material_id: *material_id,
    };
    let head = header.encode();
    let sealed = material.seal(random, &[head.as_slice(), associated].concat(), data_key);
    Ok([head, sealed].concat())
}

fn event(name: &'static str, key: Option<&OpenKey>, parameters: Value) -> Event {
    let resource = key.map(|key| Resource {
        account_id: key.home.account.to_string(),
        r#type: "AWS::KMS::Key",
        arn: key.arn.to_string(),
    });
    Event {
        request_parameters: Some(parameters),
        resources: resource.into_iter().collect(),
        kind: Kind::Forwarded,
        ..Event::call(EVENT_SOURCE, name, true)
    }
}
