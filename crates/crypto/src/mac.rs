use aws_lc_rs::hmac::{self, HMAC_SHA224, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};

/// The HMACs of KMS (`MacAlgorithm`). Source: FIPS 198-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// `HMAC_SHA_224`.
    HmacSha224,
    /// `HMAC_SHA_256`.
    HmacSha256,
    /// `HMAC_SHA_384`.
    HmacSha384,
    /// `HMAC_SHA_512`.
    HmacSha512,
}

impl MacAlgorithm {
    /// Every algorithm, in the order of the declaration.
    pub const ALL: [Self; 4] = [
        Self::HmacSha224,
        Self::HmacSha256,
        Self::HmacSha384,
        Self::HmacSha512,
    ];

    /// Bytes of a tag, and of the keys that KMS makes for it: those of the
    /// hash.
    #[must_use]
    pub fn tag_bytes(self) -> usize {
        self.library().digest_algorithm().output_len()
    }

    fn library(self) -> hmac::Algorithm {
        match self {
            Self::HmacSha224 => HMAC_SHA224,
            Self::HmacSha256 => HMAC_SHA256,
            Self::HmacSha384 => HMAC_SHA384,
            Self::HmacSha512 => HMAC_SHA512,
        }
    }
}

/// An HMAC key of any length. Debug tells the algorithm only.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// Prepares `key` for `algorithm`.
    #[must_use]
    pub fn new(algorithm: MacAlgorithm, key: &[u8]) -> Self {
        Self(hmac::Key::new(algorithm.library(), key))
    }

    /// The whole tag of `message`.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, message).as_ref().to_vec()
    }

    /// Whether `tag` is the whole tag of `message`, told in time that does
    /// not depend on where they differ.
    #[must_use]
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, message, tag).is_ok()
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MacKey")
            .field(self.0.algorithm().digest_algorithm())
            .finish()
    }
}
