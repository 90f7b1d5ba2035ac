//! Key material: made, wrapped for the store, opened for use.

use std::sync::Arc;

use strongroom_crypto::{
    AeadKey, AgreementKey, AsymmetricError, DecryptionKey, HmacSha256Key, MacKey, Random,
    SigningKey, hmac_sha256,
};
use strongroom_store::{CommitObserver, Store, StoreError, Table as _};
use strongroom_types::{AccountId, Region};
use zeroize::Zeroizing;

use super::{
    key::OpenKey,
    record::{Key, Material},
    spec::{KeySpec, KeyUsage},
    usage::Usages,
    use_counts::UseCounts,
};
use crate::{
    cache::{Cache, CacheFigures},
    context::Home,
    tables::KmsKeys,
};

/// Bytes that wrapped material is bound to, before its key's identity.
const WRAPPING: &[u8] = b"strongroom kms backing key 1";

/// Wraps and opens backing keys, and remembers opened ones. What is
/// remembered is key schedules, never a value decrypted with them.
pub struct KeyMaterial {
    wrapping: AeadKey,
    /// Makes the ids of imported material.
    naming: HmacSha256Key,
    /// Authenticates grant tokens and markers.
    pub(super) tokens: HmacSha256Key,
    /// Seals import tokens.
    pub(super) imports: AeadKey,
    /// Uses of keys that are not written down yet.
    pub(super) usages: Usages,
    /// Uses of keys, counted.
    pub(super) uses: UseCounts,
    pub(super) opened: Arc<Cache<(AccountId, Region, String), OpenKey>>,
}

/// An opened generation of material.
pub(super) struct OpenMaterial {
    /// `KeyMaterialId` before it is written in hexadecimal.
    pub(super) id: [u8; 32],
    /// What a record says of its use, in JSON.
    pub(super) recorded: Arc<str>,
    pub(super) secret: Secret,
}

/// Material, ready for what its key is for.
#[expect(
    clippy::large_enum_variant,
    reason = "the largest is the one that most keys have, and all live behind an `Arc`"
)]
pub(super) enum Secret {
    Agreement(AgreementKey),
    Decryption(DecryptionKey),
    Mac(MacKey),
    Signing(SigningKey),
    Symmetric(AeadKey),
}

impl KeyMaterial {
    /// Wraps under this key, which the store's seal derives.
    #[must_use]
    pub fn new(wrapping: &[u8; 32], store: &Store) -> Self {
        let opened = Arc::new(Cache::of(const { &[KmsKeys::ID] }));
        store.observe(Arc::clone(&opened) as Arc<dyn CommitObserver>);
        let derived = |purpose: &[u8]| Zeroizing::new(hmac_sha256(wrapping, purpose));
        Self {
            wrapping: AeadKey::new(wrapping),
            naming: HmacSha256Key::new(derived(b"imported material ids").as_slice()),
            tokens: HmacSha256Key::new(derived(b"grant tokens and markers").as_slice()),
            imports: AeadKey::new(&derived(b"import tokens")),
            usages: Usages::default(),
            uses: UseCounts::default(),
            opened,
        }
    }

    /// How often keys were used since the process began, by operation and key
    /// spec.
    pub fn use_counts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.uses.counts()
    }

    /// How the cache of opened keys does.
    #[must_use]
    pub fn cache_figures(&self) -> CacheFigures {
        self.opened.figures()
    }

    /// The generation of the opened keys.
    pub(crate) fn generation(&self) -> u64 {
        self.opened.generation()
    }

    /// Fresh material that was made here, wrapped for its key.
    pub(super) fn wrap(
        &self,
        random: &dyn Random,
        home: &Home,
        key_id: &str,
        secret: &[u8],
        created_ms: i64,
    ) -> Material {
        let mut id = [0; 32];
        random.fill(&mut id);
        self.wrap_as(random, home, key_id, id, secret, created_ms)
    }

    /// As [`KeyMaterial::wrap`], for material that has an id.
    pub(super) fn wrap_as(
        &self,
        random: &dyn Random,
        home: &Home,
        key_id: &str,
        id: [u8; 32],
        secret: &[u8],
        created_ms: i64,
    ) -> Material {
        let bound = bound_to(home, key_id, &id);
        Material {
            id: id.to_vec(),
            wrapped: self.wrapping.seal(random, &bound, secret),
            created_ms,
            ..Material::default()
        }
    }

    /// The id of imported material: the same wherever the same bytes are
    /// imported into the same key or its replicas, and no help in guessing
    /// them.
    pub(super) fn name_imported(&self, key_id: &str, secret: &[u8]) -> [u8; 32] {
        let length = (key_id.len() as u64).to_be_bytes();
        self.naming.sign(&[&length, key_id.as_bytes(), secret])
    }

    /// The bytes of wrapped material.
    pub(super) fn unwrap(
        &self,
        home: &Home,
        key_id: &str,
        material: &Material,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let id = material.id.as_slice().try_into().ok();
        id.and_then(|id| {
            let bound = bound_to(home, key_id, &id);
            self.wrapping.open(&bound, &material.wrapped).ok()
        })
        .ok_or_else(|| corrupt(home, key_id))
    }

    /// Opens all material that is there and needs no rotation first.
    pub(super) fn open(
        &self,
        home: &Home,
        key_id: &str,
        row: &Key,
    ) -> Result<Vec<OpenMaterial>, StoreError> {
        let (spec, usage) = (spec_of(row), usage_of(row));
        let there = row
            .materials
            .iter()
            .filter(|material| !material.wrapped.is_empty() && !material.pending_rotation);
        there
            .map(|material| {
                let bytes = self.unwrap(home, key_id, material)?;
                let corrupt = || corrupt(home, key_id);
                let (spec, usage) = (spec.ok_or_else(corrupt)?, usage.ok_or_else(corrupt)?);
                let recorded = format!(r#"{{"keyMaterialId":"{}"}}"#, hexadecimal(&material.id));
                Ok(OpenMaterial {
                    id: material.id.as_slice().try_into().map_err(|_| corrupt())?,
                    recorded: recorded.into(),
                    secret: Secret::open(spec, usage, &bytes).map_err(|_| corrupt())?,
                })
            })
            .collect()
    }
}

impl Secret {
    /// # Errors
    /// When the bytes are no key of this kind.
    pub(super) fn open(
        spec: KeySpec,
        usage: KeyUsage,
        bytes: &[u8],
    ) -> Result<Self, AsymmetricError> {
        if let Some(mac) = spec.mac() {
            return Ok(Self::Mac(MacKey::new(mac.library(), bytes)));
        }
        let Some(pair) = spec.key_pair() else {
            let bytes =
                Zeroizing::new(<[u8; 32]>::try_from(bytes).map_err(|_| AsymmetricError::Rejected)?);
            return Ok(Self::Symmetric(AeadKey::new(&bytes)));
        };
        match usage {
            KeyUsage::EncryptDecrypt => {
                DecryptionKey::from_pkcs8(pair, bytes).map(Self::Decryption)
            }
            KeyUsage::KeyAgreement => AgreementKey::from_pkcs8(pair, bytes).map(Self::Agreement),
            _ => SigningKey::from_pkcs8(pair, bytes).map(Self::Signing),
        }
    }
}

/// The spec of a key's row; nothing if a later release knows it.
pub(super) fn spec_of(row: &Key) -> Option<KeySpec> {
    match row.spec.as_str() {
        "" => Some(KeySpec::SymmetricDefault),
        name => KeySpec::named(name),
    }
}

/// The usage of a key's row; nothing if a later release knows it.
pub(super) fn usage_of(row: &Key) -> Option<KeyUsage> {
    match row.usage.as_str() {
        "" => Some(KeyUsage::EncryptDecrypt),
        name => KeyUsage::named(name),
    }
}

pub(super) fn corrupt(home: &Home, key_id: &str) -> StoreError {
    StoreError::Corrupt {
        table: KmsKeys::NAME.to_owned(),
        key: format!("{}/{}/{key_id}", home.account, home.region),
        reason: "its key material does not open",
    }
}

fn bound_to(home: &Home, key_id: &str, material_id: &[u8; 32]) -> Vec<u8> {
    let place = format!("/{}/{}/{key_id}/", home.account, home.region);
    [WRAPPING, place.as_bytes(), material_id].concat()
}

/// An id as AWS writes it: 64 hexadecimal digits.
pub(super) fn hexadecimal(id: &[u8]) -> String {
    let mut digits = vec![0; 2 * id.len()];
    // Twice as many digits as bytes: it fits. `hex::encode` goes by characters.
    let _ = hex::encode_to_slice(id, &mut digits);
    String::from_utf8(digits).unwrap_or_default()
}
