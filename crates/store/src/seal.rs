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

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<char> = hex.chars().collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap())
            .collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A keyring of two seal keys and a value under each, as release 0.1.0
    /// writes them.
    const KEYRING: &str = "0162b04859491c5a2e1c5302297b3e419a924ecc593a59db7e18dc01b0fccb0bfaa8407b19c9b221\
        3deb7e7feb61a0bd419619e9b7021c060875d7cfe25925b65e22b9e0155c51d236118b38374cfbde\
        44fb77324288ddf87413c79a584bb57a02f3d3a99ac5cb8e5b7ffc10d71e0b3ed9348c215689fb3b\
        bc1150e3e374c3d2e898912db9c963b7fa718fb65ee940266717109cd2715352942770cf24a86fd3\
        07fcc84a85d44d1b2905d466ddd556caf31ec4feed";
    const OLDER: &str =
        "0100000001870ac843dde069bee09d5a53933e6614489c2229c79ee0f3c67808cd6ad56511b5";
    const NEWER: &str =
        "01000000026a26ca975bc1adaaad594363148765753f2c0070185242ce4863148d997f96f756";
    const DERIVED: &str = "b1d4d3782fc9e8d562a5a6d963af489524af26ded7ebca7ee370062281641436";

    #[test]
    fn reads_what_the_first_release_sealed() {
        let root = RootKey::from_bytes(&[7; 32]);
        let seal = Seal::open(&root, &bytes(KEYRING)).unwrap();
        for sealed in [OLDER, NEWER] {
            let opened = seal.open_sealed(b"place", &bytes(sealed)).unwrap();
            assert_eq!(opened.as_slice(), b"value");
        }
        assert_eq!(hex(seal.derive("label").as_slice()), DERIVED);
    }

    #[test]
    fn a_value_opens_in_its_place_and_whole_only() {
        let seal = Seal::create();
        let sealed = seal.seal(b"place", b"value");
        assert!(seal.open_sealed(b"place", &sealed).is_ok());
        assert!(seal.open_sealed(b"plac", &sealed).is_err());
        assert!(Seal::create().open_sealed(b"place", &sealed).is_err());
        for length in 0..sealed.len() {
            assert!(seal.open_sealed(b"place", &sealed[..length]).is_err());
        }
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(seal.open_sealed(b"place", &changed).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_damaged_keyring_is_told_from_a_wrong_root_key() {
        let root = RootKey::from_bytes(&[7; 32]);
        let wrapped = Seal::create().wrap(&root);
        let other = RootKey::from_bytes(&[8; 32]);
        let refused = |root, wrapped: &[u8]| Seal::open(root, wrapped).map(drop).unwrap_err();
        assert!(matches!(
            refused(&other, &wrapped),
            StoreError::WrongRootKey
        ));
        for place in [0, wrapped.len() - 1] {
            let mut damaged = wrapped.clone();
            damaged[place] ^= 1;
            assert!(matches!(
                refused(&root, &damaged),
                StoreError::Corrupt { .. }
            ));
        }
        for length in 0..wrapped.len() {
            refused(&root, &wrapped[..length]);
        }
    }
}
