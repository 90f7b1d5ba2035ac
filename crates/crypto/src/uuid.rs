use std::{fmt, ops::Deref};

use uuid::Builder;

/// A UUID in its hyphenated lower-case form, 36 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Uuid([u8; 36]);

impl Uuid {
    /// The version 4 UUID of random bytes.
    ///
    /// Source: RFC 9562 section 5.4.
    #[must_use]
    pub fn of(random: [u8; 16]) -> Self {
        let mut text = [0; 36];
        let uuid = Builder::from_random_bytes(random).into_uuid();
        uuid.hyphenated().encode_lower(&mut text);
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Deref for Uuid {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_version_four_uuid() {
        let mut random = [0; 16];
        for (byte, value) in random.iter_mut().zip(0xf0..=0xff) {
            *byte = value;
        }
        let text = "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff";
        assert_eq!(Uuid::of(random).as_str(), text);
        assert_eq!(Uuid::of(random).to_string(), text);
    }
}
