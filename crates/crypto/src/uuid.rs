use std::{fmt, ops::Deref};

/// A UUID in its hyphenated lower-case form, 36 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Uuid([u8; 36]);

impl Uuid {
    /// The version 4 UUID of random bytes.
    ///
    /// Source: RFC 9562 section 5.4.
    #[must_use]
    pub fn of(mut random: [u8; 16]) -> Self {
        const HEX: [u8; 16] = *b"0123456789abcdef";
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut random;
        *version = 0x40 | *version & 0x0f;
        *variant = 0x80 | *variant & 0x3f;
        let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
        let mut text = [b'-'; 36];
        let mut places = text.iter_mut();
        for (number, byte) in random.into_iter().enumerate() {
            if matches!(number, 4 | 6 | 8 | 10) {
                places.next();
            }
            for nibble in [byte >> 4, byte & 0x0f] {
                if let Some(place) = places.next() {
                    *place = digit(nibble);
                }
            }
        }
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
