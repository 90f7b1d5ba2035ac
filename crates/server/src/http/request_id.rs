use std::{fmt, sync::Arc};

use ::http::{HeaderName, HeaderValue};
use strongroom_crypto::Random;

/// A request's id: a random (version 4) UUID, as AWS's endpoints give them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 36]);

impl RequestId {
    /// The header that it goes out in.
    pub const HEADER: HeaderName = HeaderName::from_static("x-amzn-requestid");

    /// Where the hyphens are.
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];

    fn new(mut random: [u8; 16]) -> Self {
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut random;
        *version = 0x40 | *version & 0x0f;
        *variant = 0x80 | *variant & 0x3f;
        let mut digits = random
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0x0f])
            .map(|digit| {
                if digit < 10 {
                    b'0' + digit
                } else {
                    b'a' + digit - 10
                }
            });
        let mut text = [b'-'; 36];
        for (place, character) in text.iter_mut().enumerate() {
            if !Self::HYPHENS.contains(&place) {
                *character = digits.next().unwrap_or(b'0');
            }
        }
        Self(text)
    }

    /// The hyphenated lower-case form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The id as the value of a header.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where request ids come from.
#[derive(Clone)]
pub struct RequestIds(Arc<dyn Random>);

impl RequestIds {
    /// Ids drawn from `random`.
    #[must_use]
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self(random)
    }

    /// An id that was never given before.
    #[must_use]
    pub fn fresh(&self) -> RequestId {
        RequestId::new(self.0.id())
    }
}

impl fmt::Debug for RequestIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestIds")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strongroom_crypto::SystemRandom;

    use super::*;

    #[test]
    fn no_id_is_given_twice() {
        let ids = RequestIds::new(Arc::new(SystemRandom));
        let given: HashSet<_> = (0..1_000).map(|_| ids.fresh()).collect();
        assert_eq!(given.len(), 1_000);
    }

    #[test]
    fn an_id_is_a_version_four_uuid() {
        let mut random = [0; 16];
        for (byte, value) in random.iter_mut().zip(0xf0..=0xff) {
            *byte = value;
        }
        let id = RequestId::new(random);
        assert_eq!(id.as_str(), "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff");
        assert_eq!(id.header(), "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff");
    }
}
