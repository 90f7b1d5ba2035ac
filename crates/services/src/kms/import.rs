//! Imported material: parameters to wrap it with, its coming and its going.

use serde_json::json;
use strongroom_crypto::{DecryptionKey, ImportWrapping, KeyPairSpec};
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
    /// The way to unwrap, where it is offered for material of this spec.
    fn unwrapping(self, spec: KeySpec) -> Option<ImportWrapping> {
        let short = spec.key_pair().is_none();
        Some(match self {
            Self::RsaesOaepSha1 if short => ImportWrapping::RsaesOaepSha1,
            Self::RsaesOaepSha256 if short => ImportWrapping::RsaesOaepSha256,
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
        .filter(|_| algorithm.unwrapping(key.spec).is_some());
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
    let algorithm = WrappingAlgorithm::named(&token.algorithm);
    let unwrapping = algorithm
        .and_then(|it| it.unwrapping(key.spec))
        .ok_or_else(invalid)?;
    let pair = KeySpec::named(&token.wrapping_key_spec)
        .and_then(KeySpec::key_pair)
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
                let event = service_event(services, &home, key_id, name, details);
                lines.push(event.own_record(services, &EventTime::of(now)));
            }
            tx.put::<KmsKeys>(&place, &row)?;
        }
    }
    tx.commit(lines).await?;
    Ok(())
}
