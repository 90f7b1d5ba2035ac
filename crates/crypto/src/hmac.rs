use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, sign};

/// HMAC-SHA-256 of `message` under a key used once. Source: RFC 2104.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    HmacSha256Key::new(key).sign(&[message])
}

/// An HMAC-SHA-256 key whose inner state is prepared once and used often.
#[derive(Clone)]
pub struct HmacSha256Key(Key);

impl HmacSha256Key {
    /// Prepares `key`, of any length.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Key::new(HMAC_SHA256, key))
    }

    /// The tag of the concatenation of `parts`.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let tag = if let [message] = parts {
            sign(&self.0, message)
        } else {
            let mut context = Context::with_key(&self.0);
            for part in parts {
                context.update(part);
            }
            context.sign()
        };
        let mut out = [0; 32];
        out.copy_from_slice(tag.as_ref());
        out
    }
}
