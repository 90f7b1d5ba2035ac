//! Signatures of webhooks, as the Standard Webhooks specification has them:
//! receivers verify them with a library of their language.
//!
//! Source: Standard Webhooks 1.0.0, "Webhook signatures".

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::HmacSha256Key;
use zeroize::Zeroizing;

use super::EndpointError;

/// What a key's text begins with.
const PREFIX: &str = "whsec_";
/// The longest file of a key that is read, bytes.
const KEY_FILE_BYTES: usize = 1024;

/// Signs the requests of one endpoint.
pub(super) struct Key(HmacSha256Key);

impl Key {
    pub(super) fn read(path: &Path) -> Result<Self, EndpointError> {
        let text = fs::read_to_string(path).map_err(|source| EndpointError::Key {
            path: path.to_owned(),
            source,
        })?;
        let text = Zeroizing::new(text);
        Self::parse(&text).ok_or_else(|| EndpointError::NoKey(path.to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() > KEY_FILE_BYTES {
            return None;
        }
        let encoded = text.trim().strip_prefix(PREFIX)?;
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
        (24..=64)
            .contains(&bytes.len())
            .then(|| Self(HmacSha256Key::new(&bytes)))
    }

    /// The `webhook-signature` of a message sent at `timestamp`, seconds since
    /// the epoch.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let head = format!("{id}.{timestamp}.");
        let tag = self.0.sign(&[head.as_bytes(), body]);
        format!("v1,{}", BASE64_STANDARD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_s_example() {
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signature = key.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn keys_are_long_enough_and_well_formed() {
        let of = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]));
        assert!(Key::parse(&of(24)).is_some());
        assert!(Key::parse(&of(64)).is_some());
        for text in [
            of(23),
            of(65),
            of(32).replace("whsec_", ""),
            "whsec_!".to_owned(),
        ] {
            assert!(Key::parse(&text).is_none(), "{text}");
        }
    }
}
