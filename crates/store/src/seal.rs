use std::sync::{Arc, PoisonError, RwLock};

use strongroom_crypto::{HmacSha256Key, OpenError, SystemRandom};
use zeroize::Zeroizing;

use crate::{RootKey, StoreError, table::META};

mod keyring;

pub(crate) use keyring::Keyring;

/// Version of the layout of a sealed value, its first byte.
const FORMAT: u8 = 1;

/// Format and the seal key's number, before the sealed bytes.
const HEADER_BYTES: usize = 5;

/// The whole key of the row that holds the keyring.
pub(crate) const KEYRING_KEY: &[u8] = b"\x00keyring";

/// What stands between the store and whoever holds its bytes.
///
/// Every value is sealed with AES-256-GCM under the newest seal key, bound to
/// the place it is stored at (table and key) and to the layout's version. A
/// sealed value is
///
/// ```text
/// format (1) ‖ number of the seal key (4, big-endian) ‖ nonce (12) ‖ ciphertext ‖ tag (16)
/// ```
///
/// Seal keys are random, kept in the store itself in a keyring that the root
/// key wraps. Adding one ([`crate::Store::rotate_seal_key`]) leaves old values
/// readable under theirs. Nonces are random, so one seal key is good for 2³²
/// values (NIST SP 800-38D, section 8.3).
pub struct Seal(RwLock<Arc<Keyring>>);

impl Seal {
    /// The seal of a new store.
    pub(crate) fn create() -> Self {
        Self(RwLock::new(Arc::new(Keyring::create(&SystemRandom))))
    }

    /// The seal of an existing store, from its wrapped keyring.
    pub(crate) fn open(root: &RootKey, wrapped: &[u8]) -> Result<Self, StoreError> {
        Keyring::unwrap(root, wrapped).map(|keyring| Self(RwLock::new(Arc::new(keyring))))
    }

    /// The keyring, wrapped by the root key.
    pub(crate) fn wrap(&self, root: &RootKey) -> Vec<u8> {
        self.keyring().wrap(root, &SystemRandom)
    }

    /// Seals with `keyring` from now on.
    pub(crate) fn adopt(&self, keyring: Keyring) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyring);
    }

    /// Seals `plaintext` for `place`, under the newest seal key.
    #[must_use]
    pub fn seal(&self, place: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let keyring = self.keyring();
        let (number, key) = keyring.newest();
        let [a, b, c, d] = number.to_be_bytes();
        let header = [FORMAT, a, b, c, d];
        let sealed = key.seal(&SystemRandom, &associated(&header, place), plaintext);
        [header.as_slice(), &sealed].concat()
    }

    /// The plaintext of what [`Seal::seal`] sealed for the same `place`, under
    /// any seal key that there ever was.
    ///
    /// # Errors
    /// [`OpenError`] if the bytes were changed in any way.
    pub fn open_sealed(
        &self,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (header, body) = sealed
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(OpenError)?;
        let [FORMAT, number @ ..] = *header else {
            return Err(OpenError);
        };
        let keyring = self.keyring();
        let key = keyring.key(u32::from_be_bytes(number)).ok_or(OpenError)?;
        key.open(&associated(header, place), body)
    }

    /// A 256-bit key for the use that `label` names, the same for the life of
    /// the store, independent of all others and of every seal key.
    ///
    /// Source: RFC 5869, section 2.3, with one block of output.
    #[must_use]
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let secret = HmacSha256Key::new(self.keyring().secret());
        Zeroizing::new(secret.sign(&[label.as_bytes(), &[1]]))
    }

    /// How many seal keys there are.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keyring().len()
    }

    fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A row's value, opened; its key says where it must have been sealed for.
pub(crate) fn open_row(
    seal: &Seal,
    raw_key: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    seal.open_sealed(raw_key, sealed).map_err(|OpenError| {
        StoreError::corrupt(raw_key, "its value was changed, moved or damaged")
    })
}

/// The header has a fixed length, so that no two places run together.
fn associated(header: &[u8; HEADER_BYTES], place: &[u8]) -> Vec<u8> {
    [header.as_slice(), place].concat()
}

/// Without its keyring a store cannot be read.
pub(crate) fn keyring_missing() -> StoreError {
    StoreError::corrupt(KEYRING_KEY, "the keyring is missing; restore a backup")
}

/// Whether a row is one of the store's own, sealed in ways of their own.
pub(crate) fn is_meta(raw_key: &[u8]) -> bool {
    raw_key.first() == Some(&META)
}
