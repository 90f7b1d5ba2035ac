//! Imported material: parameters to wrap it with, its coming and its going.

use serde_json::json;
use strongroom_crypto::{DecryptionKey, ImportWrapping, KeyPair, KeyPairSpec};
use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::Timestamp;
use zeroize::{Zeroize, Zeroizing};

use super::{
    error::{Code, Error, Result},
    key::OpenKey,
    material::hexadecimal,
    record::{Key, Material},
    service_event::service_event,
    spec::KeySpec,
};
use crate::{
    cloudtrail::EventTime,
    context::{Context, Home, Services},
    jobs::{Claimed, Job, Kind},
    shape::enumeration,
    tables::{Jobs, KmsKeys},
};

/// How long an import token and its public key are good, in milliseconds.
const VALID_MS: i64 = 24 * 60 * 60 * 1000;

enumeration! {
    /// `WrappingAlgorithm`.
    pub enum WrappingAlgorithm {
        RsaesPkcs1V15 = "RSAES_PKCS1_V1_5",
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        RsaAesKeyWrapSha1 = "RSA_AES_KEY_WRAP_SHA_1",
        RsaAesKeyWrapSha256 = "RSA_AES_KEY_WRAP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

enumeration! {
    /// `WrappingKeySpec`.
    pub enum WrappingKeySpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        Sm2 = "SM2",
    }
}

enumeration! {
    /// `ExpirationModel`.
    pub enum ExpirationModel {
        Expires = "KEY_MATERIAL_EXPIRES",
        DoesNotExpire = "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
}

enumeration! {
    /// `ImportType`.
    pub enum ImportType {
        New = "NEW_KEY_MATERIAL",
        Existing = "EXISTING_KEY_MATERIAL",
    }
}

/// What an import token holds, sealed: the private half of the wrapping key,
/// and what it is for. So nothing is kept between the two calls.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
struct Token {
    #[prost(uint64, tag = "1")]
    account: u64,
    #[prost(string, tag = "2")]
    region: String,
    #[prost(string, tag = "3")]
    key_id: String,
    #[prost(string, tag = "4")]
    algorithm: String,
    #[prost(string, tag = "5")]
    wrapping_key_spec: String,
    #[prost(bytes = "vec", tag = "6")]
    private: Vec<u8>,
    #[prost(int64, tag = "7")]
    valid_to_ms: i64,
}

impl Drop for Token {
    fn drop(&mut self) {
        self.private.zeroize();
    }
}

impl WrappingAlgorithm {
    /// The way to unwrap, where it is offered for material of this spec and a
    /// wrapping key of that: an RSA key fits into no RSA ciphertext, and the
    /// largest elliptic-curve key not into the smallest.
    ///
    /// Source: KMS API Reference, GetParametersForImport, `WrappingAlgorithm`.
    fn unwrapping(self, spec: KeySpec, wrapping: KeyPairSpec) -> Option<ImportWrapping> {
        let is_rsa = spec
            .key_pair()
            .is_some_and(|pair| pair.rsa_bits().is_some());
        let is_too_long = spec == KeySpec::EccNistP521 && wrapping == KeyPairSpec::Rsa2048;
        let direct = !is_rsa && !is_too_long;
        Some(match self {
            Self::RsaesOaepSha1 if direct => ImportWrapping::RsaesOaepSha1,
            Self::RsaesOaepSha256 if direct => ImportWrapping::RsaesOaepSha256,
            Self::RsaAesKeyWrapSha1 => ImportWrapping::RsaAesKeyWrapSha1,
            Self::RsaAesKeyWrapSha256 => ImportWrapping::RsaAesKeyWrapSha256,
            _ => return None,
        })
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == name)
    }
}

impl WrappingKeySpec {
    pub(super) fn key_pair(self) -> Option<KeyPairSpec> {
        KeySpec::named(self.as_str())?.key_pair()
    }
}

/// # Errors
/// `UnsupportedOperationException` for ways that are not offered.
pub(super) fn check_wrapping(
    key: &OpenKey,
    algorithm: WrappingAlgorithm,
    spec: WrappingKeySpec,
) -> Result<KeyPairSpec> {
    let pair = spec
        .key_pair()
        .filter(|pair| algorithm.unwrapping(key.spec, *pair).is_some());
    pair.ok_or_else(|| {
        Error::unsupported(format!(
            "Wrapping algorithm {} with wrapping key spec {} is not supported for key spec {}.",
            algorithm.as_str(),
            spec.as_str(),
            key.spec.as_str(),
        ))
    })
}

/// The token for a wrapping key, and when it ends.
pub(super) fn token(
    cx: &Context<'_>,
    key: &OpenKey,
    algorithm: WrappingAlgorithm,
    spec: WrappingKeySpec,
    private: &[u8],
) -> (Vec<u8>, i64) {
    let valid_to_ms = cx.now.as_millisecond().saturating_add(VALID_MS);
    let token = Token {
        account: key.home.account.number(),
        region: key.home.region.to_string(),
        key_id: key.id.clone(),
        algorithm: algorithm.as_str().to_owned(),
        wrapping_key_spec: spec.as_str().to_owned(),
        private: private.to_vec(),
        valid_to_ms,
    };
    let bytes = Zeroizing::new(prost::Message::encode_to_vec(&token));
    let random = cx.services.random.as_ref();
    let sealed = cx
        .services
        .key_material
        .imports
        .seal(random, b"import token 1", &bytes);
    (sealed, valid_to_ms)
}

/// The material that was wrapped for a key with the public key of a token.
///
/// # Errors
/// `InvalidImportTokenException`, `ExpiredImportTokenException`,
/// `InvalidCiphertextException`; `IncorrectKeyMaterialException` if it is none
/// for the key's spec.
pub(super) fn unwrap(
    cx: &Context<'_>,
    key: &OpenKey,
    token: &[u8],
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let invalid = || Error::kms(Code::InvalidImportToken, "");
    let imports = &cx.services.key_material.imports;
    let bytes = imports
        .open(b"import token 1", token)
        .map_err(|_| invalid())?;
    let token: Token = prost::Message::decode(bytes.as_slice()).map_err(|_| invalid())?;
    let of_key = token.account == key.home.account.number()
        && token.region == key.home.region.as_str()
        && token.key_id == key.id;
    if !of_key {
        return Err(invalid());
    }
    if token.valid_to_ms <= cx.now.as_millisecond() {
        return Err(Error::kms(Code::ExpiredImportToken, ""));
    }
    let pair = KeySpec::named(&token.wrapping_key_spec)
        .and_then(KeySpec::key_pair)
        .ok_or_else(invalid)?;
    let unwrapping = WrappingAlgorithm::named(&token.algorithm)
        .and_then(|it| it.unwrapping(key.spec, pair))
        .ok_or_else(invalid)?;
    let wrapping_key = DecryptionKey::from_pkcs8(pair, &token.private).map_err(|_| invalid())?;
    unwrapping
        .unwrap(&wrapping_key, wrapped)
        .map_err(|_| Error::invalid_ciphertext())
}

/// The job of removing material when it expires.
fn job(home: &Home, key_id: &str, material: &Material) -> Job {
    Job {
        incarnation: hexadecimal(&material.id),
        ..Job::of_key(Kind::ExpireKmsMaterial, home, key_id)
    }
}

/// Puts the job of a material that expires.
pub(super) fn put_job(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    material: &Material,
) -> std::result::Result<(), StoreError> {
    let Some(due_ms) = material.valid_to_ms else {
        return Ok(());
    };
    let job = job(home, key_id, material);
    tx.put::<Jobs>(&job.key(due_ms), &job)
}

/// Removes it.
pub(super) fn remove_job(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    material: &Material,
) -> std::result::Result<(), StoreError> {
    let Some(due_ms) = material.valid_to_ms else {
        return Ok(());
    };
    tx.delete::<Jobs>(&job(home, key_id, material).key(due_ms))
}

/// Removes those of all materials of a key.
pub(super) fn remove_jobs(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &Key,
) -> std::result::Result<(), StoreError> {
    row.materials
        .iter()
        .try_for_each(|material| remove_job(tx, home, key_id, material))
}

/// Takes imported material away; that it was there stays known, so that the
/// same can be imported again.
pub(super) fn forget(material: &mut Material) {
    material.wrapped.zeroize();
    material.wrapped.clear();
    material.valid_to_ms = None;
}

/// Removes imported material that has expired.
///
/// # Errors
/// When the store fails or another worker has the job; it will be tried again.
pub async fn expire_material(
    services: &Services,
    claimed: &Claimed,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    if tx.get::<Jobs>(&claimed.key).await?.is_none() {
        return Ok(());
    }
    tx.delete::<Jobs>(&claimed.key)?;
    let mut lines = Vec::new();
    if let Some(home) = claimed.job.home(services.partition) {
        let key_id = &claimed.job.resource;
        let place = (home.account, home.region, key_id.clone());
        if let Some(mut row) = tx.get::<KmsKeys>(&place).await? {
            let expired = row.materials.iter_mut().filter(|material| {
                hexadecimal(&material.id) == claimed.job.incarnation
                    && material
                        .valid_to_ms
                        .is_some_and(|due| due <= now.as_millisecond())
            });
            for material in expired {
                let details = json!({"keyMaterialId": hexadecimal(&material.id)});
                forget(material);
                let name = "DeleteExpiredKeyMaterial";
                let event = service_event(&home, key_id, name, details);
                lines.push(event.own_record(services, &EventTime::of(now)));
            }
            tx.put::<KmsKeys>(&place, &row)?;
        }
    }
    tx.commit(lines).await?;
    Ok(())
}

/// The longest life of imported material that expires, in milliseconds.
///
/// Source: KMS API Reference, ImportKeyMaterial, `ValidTo`.
const LONGEST_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// When material expires, in milliseconds since the epoch; nothing if never.
///
/// # Errors
/// `ValidationException`.
pub(super) fn valid_to(
    model: Option<ExpirationModel>,
    valid_to: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<i64>> {
    match (model.unwrap_or(ExpirationModel::Expires), valid_to) {
        (ExpirationModel::DoesNotExpire, None) => Ok(None),
        (ExpirationModel::DoesNotExpire, Some(_)) => Err(Error::validation(
            "A validTo date must not be set if the ExpirationModel is \
             KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        (ExpirationModel::Expires, None) => Err(Error::validation(
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
        )),
        (ExpirationModel::Expires, Some(time)) => {
            let (ms, now_ms) = (time.as_millisecond(), now.as_millisecond());
            if ms <= now_ms || ms > now_ms.saturating_add(LONGEST_MS) {
                return Err(Error::validation(
                    "The validTo date must be in the future, and no more than 365 days away.",
                ));
            }
            Ok(Some(ms))
        }
    }
}

/// What an import says of its material.
pub(super) struct Terms {
    pub(super) valid_to_ms: Option<i64>,
    pub(super) description: String,
    pub(super) kind: Option<ImportType>,
    /// The id that it must have.
    pub(super) expected: Option<String>,
}

/// Puts material into a key, and returns its id: the key's first, one that it
/// had before, or one to rotate to.
///
/// # Errors
/// `IncorrectKeyMaterialException`, `KMSInvalidStateException`.
pub(super) fn put(
    cx: &mut Context<'_>,
    key: &OpenKey,
    row: &mut Key,
    secret: &[u8],
    terms: Terms,
) -> Result<String> {
    let incorrect = || Error::kms(Code::IncorrectKeyMaterial, "");
    let (secret, public_key) = match key.spec.key_pair() {
        Some(pair) => KeyPair::from_pkcs8(pair, secret)
            .map_err(|_| incorrect())?
            .into_parts(),
        None => {
            let length = key.spec.mac().map_or(32, |mac| mac.library().tag_bytes());
            if secret.len() != length {
                return Err(incorrect());
            }
            (Zeroizing::new(secret.to_vec()), Vec::new())
        }
    };
    let id = cx.services.key_material.name_imported(&key.id, &secret);
    let text = hexadecimal(&id);
    if terms.expected.is_some_and(|expected| expected != text) {
        return Err(incorrect());
    }
    let known = row.materials.iter().position(|material| material.id == id);
    let is_first = row.materials.is_empty();
    let kind = terms.kind.unwrap_or(if is_first {
        ImportType::New
    } else {
        ImportType::Existing
    });
    let place = match (kind, known) {
        (ImportType::Existing, Some(place)) => place,
        (ImportType::New, None) => {
            if !is_first && key.spec != KeySpec::SymmetricDefault {
                return Err(incorrect());
            }
            if row
                .materials
                .iter()
                .any(|material| material.pending_rotation)
            {
                return Err(Error::kms(
                    Code::InvalidState,
                    format!("{} has key material that is pending rotation.", key.arn),
                ));
            }
            row.materials.push(Material {
                id: id.to_vec(),
                created_ms: cx.now.as_millisecond(),
                pending_rotation: !is_first,
                ..Material::default()
            });
            row.materials.len() - 1
        }
        (ImportType::Existing, None) | (ImportType::New, Some(_)) => return Err(incorrect()),
    };
    let Some(material) = row.materials.get_mut(place) else {
        return Err(incorrect());
    };
    remove_job(&mut cx.tx, &key.home, &key.id, material)?;
    let random = cx.services.random.as_ref();
    let wrapped = cx.services.key_material.wrap_as(
        random,
        &key.home,
        &key.id,
        id,
        &secret,
        material.created_ms,
    );
    material.wrapped = wrapped.wrapped;
    material.valid_to_ms = terms.valid_to_ms;
    if !terms.description.is_empty() {
        material.description = terms.description;
    }
    put_job(&mut cx.tx, &key.home, &key.id, material)?;
    if !public_key.is_empty() {
        row.public_key = public_key;
    }
    Ok(text)
}

/// Takes material out of a key, and returns its id: the one that is named, or
/// the current one. Without any, nothing is changed.
///
/// # Errors
/// `NotFoundException` for an id that the key has not.
pub(super) fn take(
    cx: &mut Context<'_>,
    key: &OpenKey,
    row: &mut Key,
    named: Option<&str>,
) -> Result<Option<String>> {
    let place = match named {
        Some(named) => {
            let place = row
                .materials
                .iter()
                .position(|material| hexadecimal(&material.id) == named);
            Some(place.ok_or_else(|| {
                Error::not_found(format!(
                    "Key material {named} of {} does not exist",
                    key.arn
                ))
            })?)
        }
        None => row
            .materials
            .iter()
            .rposition(|material| !material.pending_rotation),
    };
    let Some(material) = place.and_then(|place| row.materials.get_mut(place)) else {
        return Ok(None);
    };
    remove_job(&mut cx.tx, &key.home, &key.id, material)?;
    forget(material);
    Ok(Some(hexadecimal(&material.id)))
}
