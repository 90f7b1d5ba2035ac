//! Encryption and decryption by keys of any spec, as the operations share it.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use strongroom_crypto::{EncryptionKey, KeyPair, KeyPairSpec};
use zeroize::Zeroizing;

use super::{
    ciphertext::Header,
    encryption_context::{self, Given},
    error::{Code, Error, Result},
    key::{KeyName, OpenKey},
    material::{Secret, hexadecimal},
    spec::{EncryptionAlgorithm, KeySpec},
    symmetric,
    target::KeyRef,
};
use crate::{
    authorize::Keys,
    context::{Context, Home},
    shape::Blob,
};

/// What came of an encryption.
pub(super) struct Encrypted {
    pub(super) blob: Vec<u8>,
    /// `KeyMaterialId`, of symmetric keys.
    pub(super) material_id: Option<String>,
}

/// What came of a decryption.
pub(super) struct Decrypted {
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    /// `KeyMaterialId`, of symmetric keys.
    pub(super) material_id: Option<String>,
}

/// Notes the material that a request used, for its record.
pub(super) fn remark(cx: &mut Context<'_>, material_id: Option<&str>) {
    cx.remarks.additional_event_data = material_id.map(|id| json!({"keyMaterialId": id}));
}

/// What was asked, with the algorithms that were not named: KMS records them.
pub(super) fn with_algorithms(record: Option<Value>, members: &[&str]) -> Option<Value> {
    let mut record = record?;
    let usual = EncryptionAlgorithm::SymmetricDefault.as_str();
    if let Some(parameters) = record.as_object_mut() {
        for member in members {
            let named = parameters.entry(*member);
            named.or_insert_with(|| usual.into());
        }
    }
    Some(record)
}

/// Encrypts.
///
/// # Errors
/// `InvalidKeyUsageException` for an algorithm that the key has not,
/// `ValidationException` for a plaintext that is too long for it or a context
/// that it cannot be bound to.
pub(super) fn encrypt(
    cx: &Context<'_>,
    key: &OpenKey,
    algorithm: EncryptionAlgorithm,
    context: &Given,
    plaintext: &[u8],
) -> Result<Encrypted> {
    check_algorithm(key, algorithm)?;
    let context = encryption_context::pairs(context)?;
    let Some((pair, padding)) = key.spec.key_pair().zip(algorithm.oaep()) else {
        let random = cx.services.random.as_ref();
        let (blob, material) = symmetric::encrypt(random, key, &context, plaintext)
            .ok_or_else(|| Error::state(&key.arn, "pending import"))?;
        return Ok(Encrypted {
            blob,
            material_id: Some(hexadecimal(&material.id)),
        });
    };
    no_context(&context)?;
    let most = padding.max_plaintext_bytes(pair).unwrap_or_default();
    if plaintext.len() > most {
        return Err(Error::validation(format!(
            "Algorithm {} and key spec {} cannot encrypt data larger than {most} bytes.",
            algorithm.as_str(),
            key.spec.as_str(),
        )));
    }
    let blob = EncryptionKey::from_spki(pair, &key.row.public_key)
        .and_then(|public| public.encrypt(padding, plaintext))
        .map_err(|_| super::material::corrupt(&key.home, &key.id))?;
    Ok(Encrypted {
        blob,
        material_id: None,
    })
}

/// Decrypts.
///
/// # Errors
/// `InvalidKeyUsageException`, `IncorrectKeyException`,
/// `InvalidCiphertextException`; `ValidationException` for a context that the
/// key cannot have bound to anything.
pub(super) fn decrypt(
    key: &OpenKey,
    algorithm: EncryptionAlgorithm,
    context: &Given,
    blob: &[u8],
) -> Result<Decrypted> {
    check_algorithm(key, algorithm)?;
    let context = encryption_context::pairs(context)?;
    let Some(padding) = algorithm.oaep() else {
        let (header, head, body) = Header::decode(blob).ok_or_else(Error::invalid_ciphertext)?;
        if header.key_id != key.id || header.account != key.home.account {
            return Err(Error::incorrect_key());
        }
        let plaintext = symmetric::decrypt(key, &header, head, body, &context);
        return Ok(Decrypted {
            plaintext: plaintext.ok_or_else(Error::invalid_ciphertext)?,
            material_id: Some(hexadecimal(&header.material_id)),
        });
    };
    no_context(&context)?;
    let Some(Secret::Decryption(private)) = key.current().map(|it| &it.secret) else {
        return Err(Error::state(&key.arn, "pending import"));
    };
    let plaintext = private
        .decrypt(padding, blob)
        .map_err(|_| Error::invalid_ciphertext())?;
    Ok(Decrypted {
        plaintext,
        material_id: None,
    })
}

/// # Errors
/// `InvalidKeyUsageException`.
pub(super) fn check_algorithm(key: &OpenKey, algorithm: EncryptionAlgorithm) -> Result<()> {
    if key.spec.encryption_algorithms().contains(&algorithm) {
        return Ok(());
    }
    Err(Error::incompatible(algorithm.as_str(), key.spec.as_str()))
}

fn no_context(context: &[(&str, &str)]) -> Result<()> {
    if context.is_empty() {
        return Ok(());
    }
    Err(Error::validation(
        "EncryptionContext is not supported with an asymmetric KMS key.",
    ))
}

/// The key that a ciphertext is to be opened with: the one that is named, or
/// the one that the ciphertext itself names.
///
/// # Errors
/// `InvalidCiphertextException` for one that names none; `AccessDeniedException`
/// for a key that is hidden from the caller.
pub(super) async fn key_of(
    cx: &mut Context<'_>,
    blob: Option<&Blob>,
    named: Option<&str>,
    tokens: Option<&[String]>,
    context: Option<&BTreeMap<String, String>>,
    action: &str,
    keys: &Keys,
) -> Result<KeyRef> {
    if let Some(key_id) = named {
        return KeyRef::granted(cx, key_id, tokens, context).await;
    }
    let Some(blob) = blob else {
        return Err(Error::validation(
            "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy \
             constraint: Member must not be null",
        ));
    };
    let (header, ..) = Header::decode(&blob.0).ok_or_else(Error::invalid_ciphertext)?;
    let home = Home {
        account: header.account,
        ..cx.home()
    };
    let found = KeyRef::named(cx, KeyName::Id(home, header.key_id)).await?;
    let found = found.with_grants(cx, tokens, context).await?;
    found.or_hidden(cx, action, keys)
}

/// # Errors
/// `InvalidKeyUsageException` for keys that make no data keys.
pub(super) fn check_makes_data_keys(key: &OpenKey) -> Result<()> {
    if key.spec == KeySpec::SymmetricDefault {
        return Ok(());
    }
    Err(Error::kms(
        Code::InvalidKeyUsage,
        "You cannot generate a data key with an asymmetric CMK",
    ))
}

/// A fresh key pair. An RSA pair takes its time, so it is made between two
/// attempts and not inside a transaction.
///
/// # Errors
/// [`StoreError::Conflict`](strongroom_store::StoreError::Conflict) until it is
/// made.
pub(super) async fn fresh_key_pair(
    cx: &mut Context<'_>,
    spec: KeyPairSpec,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>)> {
    let failed = |detail: &str| {
        Error::Store(strongroom_store::StoreError::Unavailable {
            doing: "make a key pair",
            source: Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(detail)),
        })
    };
    if spec.rsa_bits().is_none() {
        let pair = KeyPair::generate(spec).map_err(|error| failed(&error.to_string()))?;
        return Ok(pair.into_parts());
    }
    let pair = cx.ahead(format!("key pair {spec:?}"), move || async move {
        let made = tokio::task::spawn_blocking(move || KeyPair::generate(spec)).await;
        made.map_err(|error| error.to_string())
            .and_then(|made| made.map_err(|error| error.to_string()))
    })?;
    match pair.as_ref() {
        Ok(pair) => Ok((
            Zeroizing::new(pair.private_key_pkcs8().to_vec()),
            pair.public_key_spki().to_vec(),
        )),
        Err(detail) => Err(failed(detail)),
    }
}
