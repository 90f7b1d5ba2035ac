use std::{fmt, sync::Arc};

use strongroom_crypto::{HmacSha256Key, hmac_sha256};
use strongroom_types::Sensitive;

use crate::TERMINATOR;

/// A secret access key as derived for one date, Region and service. It signs
/// for that scope only. Cheap to clone; `Debug` shows nothing.
#[derive(Clone)]
pub struct SigningKey(Arc<HmacSha256Key>);

impl SigningKey {
    /// Derives the key from a secret access key, a date (`YYYYMMDD`), a Region
    /// and a service's signing name.
    ///
    /// Source: IAM User Guide, "Create a signed AWS API request", "Calculate
    /// the signature".
    #[must_use]
    pub fn derive(secret_access_key: &[u8], date: &str, region: &str, service: &str) -> Self {
        let secret = Sensitive::new([b"AWS4", secret_access_key].concat());
        let mut key = Sensitive::new(hmac_sha256(secret.expose(), date.as_bytes()));
        for part in [region, service, TERMINATOR] {
            key = Sensitive::new(hmac_sha256(key.expose(), part.as_bytes()));
        }
        Self(Arc::new(HmacSha256Key::new(key.expose())))
    }

    /// The tag of `message`.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.0.sign(&[message])
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([sensitive])")
    }
}
