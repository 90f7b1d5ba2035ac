use strongroom_crypto::{AeadKey, HmacSha256Key, Random, constant_time_eq};
use zeroize::Zeroizing;

use super::KEYRING_KEY;
use crate::{RootKey, StoreError};

/// Version of the keyring's layout, its first byte.
const FORMAT: u8 = 1;
const SALT_BYTES: usize = 16;
const CHECK_BYTES: usize = 32;
/// Format, salt and check.
const HEADER_BYTES: usize = 1 + SALT_BYTES + CHECK_BYTES;

/// All secrets of the seal. Wrapped by the root key they are
///
/// ```text
/// format (1) ‖ salt (16) ‖ check (32) ‖ sealed { secret (32) ‖ { number (4) ‖ key (32) }… }
/// ```
///
/// The check is a MAC of the salt under the root key. It tells a wrong root
/// key from a damaged keyring, which ask different things of the operator.
pub(crate) struct Keyring {
    /// What subkeys are derived from. Outlives every rotation.
    secret: Zeroizing<[u8; 32]>,
    older: Vec<SealKey>,
    newest: SealKey,
}

struct SealKey {
    number: u32,
    bytes: Zeroizing<[u8; 32]>,
    ready: AeadKey,
}

impl SealKey {
    fn new(number: u32, bytes: Zeroizing<[u8; 32]>) -> Self {
        let ready = AeadKey::new(&bytes);
        Self {
            number,
            bytes,
            ready,
        }
    }
}

impl Keyring {
    /// A keyring of fresh secrets with one seal key.
    pub(super) fn create(random: &dyn Random) -> Self {
        Self {
            secret: random.key(),
            older: Vec::new(),
            newest: SealKey::new(1, random.key()),
        }
    }

    /// The same secrets with one more seal key.
    pub(crate) fn with_new_key(mut self, random: &dyn Random) -> Self {
        let number = self.newest.number.saturating_add(1);
        let newest = SealKey::new(number, random.key());
        self.older.push(std::mem::replace(&mut self.newest, newest));
        self
    }

    pub(super) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    pub(super) fn newest(&self) -> (u32, &AeadKey) {
        (self.newest.number, &self.newest.ready)
    }

    pub(super) fn key(&self, number: u32) -> Option<&AeadKey> {
        self.all()
            .find(|key| key.number == number)
            .map(|key| &key.ready)
    }

    pub(super) fn len(&self) -> usize {
        self.older.len() + 1
    }

    fn all(&self) -> impl Iterator<Item = &SealKey> {
        self.older.iter().chain([&self.newest])
    }

    /// All of it, wrapped by `root`.
    pub(crate) fn wrap(&self, root: &RootKey, random: &dyn Random) -> Vec<u8> {
        let mut plain = Zeroizing::new(Vec::with_capacity(32 + 36 * self.len()));
        plain.extend_from_slice(self.secret.as_slice());
        for key in self.all() {
            plain.extend_from_slice(&key.number.to_be_bytes());
            plain.extend_from_slice(key.bytes.as_slice());
        }
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        let mut wrapped = vec![FORMAT];
        wrapped.extend_from_slice(&salt);
        wrapped.extend_from_slice(&check(root, &salt));
        let sealed = wrapping_key(root).seal(random, &associated(&wrapped), &plain);
        wrapped.extend_from_slice(&sealed);
        wrapped
    }

    /// What [`Keyring::wrap`] wrapped.
    pub(crate) fn unwrap(root: &RootKey, wrapped: &[u8]) -> Result<Self, StoreError> {
        let corrupt = |reason| StoreError::corrupt(KEYRING_KEY, reason);
        let damaged = || corrupt("the keyring is damaged; restore a backup");
        let (header, sealed) = wrapped
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or_else(damaged)?;
        let (&[format], rest) = header.split_first_chunk::<1>().ok_or_else(damaged)?;
        let (salt, found) = rest.split_first_chunk::<SALT_BYTES>().ok_or_else(damaged)?;
        let Ok(plain) = wrapping_key(root).open(&associated(header), sealed) else {
            return Err(if constant_time_eq(&check(root, salt), found) {
                damaged()
            } else {
                StoreError::WrongRootKey
            });
        };
        if format != FORMAT {
            return Err(StoreError::UnknownFormat {
                found: format.into(),
                known: FORMAT.into(),
            });
        }
        Self::parse(&plain).ok_or_else(|| corrupt("the keyring holds no seal key"))
    }

    fn parse(plain: &[u8]) -> Option<Self> {
        let (secret, mut rest) = plain.split_first_chunk()?;
        let mut older = Vec::new();
        while let Some((number, tail)) = rest.split_first_chunk() {
            let (bytes, tail) = tail.split_first_chunk()?;
            older.push(SealKey::new(
                u32::from_be_bytes(*number),
                Zeroizing::new(*bytes),
            ));
            rest = tail;
        }
        let newest = older.pop().filter(|_| rest.is_empty())?;
        Some(Self {
            secret: Zeroizing::new(*secret),
            older,
            newest,
        })
    }
}

fn associated(header: &[u8]) -> Vec<u8> {
    [b"strongroom keyring".as_slice(), header].concat()
}

fn check(root: &RootKey, salt: &[u8]) -> [u8; CHECK_BYTES] {
    HmacSha256Key::new(root.bytes()).sign(&[b"strongroom root key check", salt])
}

fn wrapping_key(root: &RootKey) -> AeadKey {
    let key = HmacSha256Key::new(root.bytes()).sign(&[b"strongroom keyring wrap"]);
    AeadKey::new(&Zeroizing::new(key))
}
