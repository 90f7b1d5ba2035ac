//! Sealing and opening secret values for a caller.
//!
//! Each value is sealed under a data key of its own, and the data key under a
//! KMS key, both bound to the encryption context `{SecretARN,
//! SecretVersionId}`. Every use of a KMS key leaves its own record, with the
//! key's ARN and the context, under the caller's identity.

use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_crypto::{AeadKey, Random};
use strongroom_store::StoreError;
use strongroom_types::Arn;
use zeroize::Zeroizing;

use super::{
    ciphertext::Header,
    key::{self, KeyName, OpenKey},
};
use crate::{
    cloudtrail::{Event, Kind, Resource},
    context::{Context, Home},
};

const EVENT_SOURCE: &str = "kms.amazonaws.com";

/// Why a key could not be used.
#[derive(Debug)]
pub enum KeyError {
    /// The AWS managed key serves its own account only.
    AnotherAccount,
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
/// [`KeyError::NotFound`], and [`KeyError::AnotherAccount`] when the caller is
/// not of the managed key's account.
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
    may_use(cx, &opened)?;
    Ok(opened)
}

/// Seals a value under a fresh data key: KMS's `GenerateDataKey`.
///
/// # Errors
/// [`KeyError::Ciphertext`] if the key has no material.
pub fn seal(
    cx: &mut Context<'_>,
    key: &OpenKey,
    context: &EncryptionContext,
    value: &[u8],
) -> Result<Sealed, KeyError> {
    let random = cx.services.random.as_ref();
    let associated = context.associated();
    let data_key = random.key();
    let encrypted_data_key = wrap(random, key, &associated, data_key.as_ref())?;
    let ciphertext = AeadKey::new(&data_key).seal(random, &associated, value);
    let parameters = json!({
        "keyId": key.arn.as_str(), "keySpec": "AES_256", "encryptionContext": context.record(),
    });
    cx.events.push(event("GenerateDataKey", key, parameters));
    Ok(Sealed {
        ciphertext,
        encrypted_data_key,
    })
}

/// Opens a sealed value: KMS's `Decrypt`.
///
/// # Errors
/// [`KeyError::Ciphertext`] if it is not as it was sealed, or not in its place.
pub async fn open(
    cx: &mut Context<'_>,
    home: &Home,
    context: &EncryptionContext,
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (header, head, body) =
        Header::decode(&sealed.encrypted_data_key).ok_or(KeyError::Ciphertext)?;
    let home = Home {
        account: header.account,
        ..*home
    };
    let key = key::open(cx, &home, &header.key_id).await?;
    let key = key.ok_or_else(|| KeyError::NotFound(header.key_id.clone()))?;
    may_use(cx, &key)?;
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
        })
        .ok_or(KeyError::Ciphertext);
    let parameters = json!({
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context.record(),
    });
    let mut event = event("Decrypt", &key, parameters);
    if opened.is_err() {
        event.error = Some(("InvalidCiphertextException", String::new()));
    }
    cx.events.push(event);
    opened
}

/// The AWS managed key's policy: anyone in its account, through the service.
fn may_use(cx: &Context<'_>, key: &OpenKey) -> Result<(), KeyError> {
    if key.home.account == cx.request.caller.account {
        Ok(())
    } else {
        Err(KeyError::AnotherAccount)
    }
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

fn event(name: &'static str, key: &OpenKey, parameters: Value) -> Event {
    Event {
        request_parameters: Some(parameters),
        resources: vec![Resource {
            account_id: key.home.account.to_string(),
            r#type: "AWS::KMS::Key",
            arn: key.arn.to_string(),
        }],
        kind: Kind::Forwarded,
        ..Event::call(EVENT_SOURCE, name, true)
    }
}
