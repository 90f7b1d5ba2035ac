use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use strongroom_crypto::Random;
use strongroom_types::Sensitive;
use zeroize::Zeroizing;

use crate::{StoreError, draft::Draft};

/// The 256-bit key that wraps the keyring, and nothing else. Whoever has it
/// and the store has everything.
pub struct RootKey(Zeroizing<[u8; 32]>);

/// Where the root key comes from.
pub enum UnsealSource {
    /// A file: 32 bytes as they are, or as 64 hexadecimal digits, or as base64.
    File(PathBuf),
    /// A value that configuration carries, usually from the environment:
    /// hexadecimal or base64.
    Value(Sensitive<String>),
}

impl RootKey {
    /// A fresh one.
    #[must_use]
    pub fn random(random: &dyn Random) -> Self {
        Self(random.key())
    }

    /// The key from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// From 64 hexadecimal digits or the base64 of 32 bytes. Space around
    /// them is ignored.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(match text.len() {
            64 => text
                .as_bytes()
                .chunks(2)
                .map(|pair| {
                    let pair = std::str::from_utf8(pair).ok()?;
                    pair.bytes()
                        .all(|digit| digit.is_ascii_hexdigit())
                        .then(|| u8::from_str_radix(pair, 16).ok())?
                })
                .collect::<Option<Vec<u8>>>()?,
            _ => STANDARD.decode(text).ok()?,
        });
        Self::from_slice(&bytes)
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl UnsealSource {
    /// The root key from its source.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if it is not there or is not a key.
    pub fn read(&self) -> Result<RootKey, StoreError> {
        match self {
            Self::File(path) => read(path)?.ok_or_else(|| refused(path, &"there is no such file")),
            Self::Value(text) => {
                RootKey::parse(text.expose()).ok_or_else(|| StoreError::NoRootKey {
                    place: "the configured value".to_owned(),
                    reason: NOT_A_KEY.to_owned(),
                })
            }
        }
    }

    /// The root key; a file that does not exist is first made, with a fresh
    /// key and for its owner alone. Meant for a store that does not exist
    /// either: a fresh key opens no other.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if it can be neither read nor made.
    pub fn read_or_create(&self, random: &dyn Random) -> Result<RootKey, StoreError> {
        if let Self::File(path) = self
            && read(path)?.is_none()
        {
            match create(path, &RootKey::random(random)) {
                // Another process was first: its key is the key.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                created => created.map_err(|error| refused(path, &error))?,
            }
        }
        self.read()
    }
}

const NOT_A_KEY: &str = "not a 256-bit key: want 64 hexadecimal digits or 44 characters of base64";

fn refused(path: &Path, reason: &dyn ToString) -> StoreError {
    StoreError::NoRootKey {
        place: format!("`{}`", path.display()),
        reason: reason.to_string(),
    }
}

fn read(path: &Path) -> Result<Option<RootKey>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(path, &error)),
    };
    RootKey::from_slice(&bytes)
        .or_else(|| RootKey::parse(std::str::from_utf8(&bytes).ok()?))
        .map(Some)
        .ok_or_else(|| refused(path, &NOT_A_KEY))
}

/// A crash leaves either no key or a whole one.
fn create(path: &Path, key: &RootKey) -> std::io::Result<()> {
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key.bytes() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text.push('\n');
    let draft = Draft::begin(path)?;
    draft.file().write_all(text.as_bytes())?;
    draft.finish()
}

#[cfg(test)]
mod tests {
    use strongroom_crypto::SystemRandom;

    use super::*;

    #[test]
    fn reads_a_key_in_each_of_its_forms() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        let hex = "00".repeat(31) + "fF";
        let mut key = [0; 32];
        key[31] = 255;
        let base64 = STANDARD.encode(key);
        for bytes in [&key[..], hex.as_bytes(), format!("{base64}\n").as_bytes()] {
            fs::write(&path, bytes).unwrap();
            let read = UnsealSource::File(path.clone()).read().unwrap();
            assert_eq!(read.bytes(), &key);
        }
        let value = UnsealSource::Value(Sensitive::new(base64));
        assert_eq!(value.read().unwrap().bytes(), &key);
        for bad in [
            "",
            "short",
            &"0g".repeat(32),
            &"+1".repeat(32),
            &"00".repeat(33),
        ] {
            let value = UnsealSource::Value(Sensitive::new(bad.to_owned()));
            assert!(
                matches!(value.read(), Err(StoreError::NoRootKey { .. })),
                "{bad}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn makes_a_key_once_and_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        let source = UnsealSource::File(path.clone());
        assert!(source.read().is_err());
        let made = source.read_or_create(&SystemRandom).unwrap();
        let again = source.read_or_create(&SystemRandom).unwrap();
        assert_eq!(made.bytes(), again.bytes());
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
