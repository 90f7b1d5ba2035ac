//! Every use Strongroom makes of a cryptography library.
//!
//! The library is AWS-LC by way of `aws-lc-rs`; no other crate of the product
//! names one (`deny.toml` and `cargo xtask tidy` see to it). Nothing here is
//! a cryptographic invention: each function is a thin, typed door to the
//! library, so that callers cannot pick a nonce, forget to wipe a key or
//! compare a secret with `==`.
//!
//! To add an algorithm, add a file with its type, its published test vectors
//! under `tests/`, and a line here.

//!
//! # Asymmetric keys
//!
//! A [`KeyPair`] is made or imported, and kept as PKCS#8. It is used through
//! the type of its one purpose: [`SigningKey`] and [`VerifyingKey`],
//! [`DecryptionKey`] and [`EncryptionKey`], [`AgreementKey`]. What KMS has
//! and the library has not is not in the enums, so that it cannot be asked
//! for: `ED25519_PH_SHA_512`, `EXTERNAL_MU`, `SM2`. Key generation and
//! signing draw on the library's own generator rather than on [`Random`]:
//! its safe interface takes no other.

mod aead;
mod agreement;
mod asymmetric_error;
mod digest;
mod hmac;
mod jws;
mod key_pair;
mod key_wrap;
mod mac;
mod ml_kem;
mod random;
mod rsa_oaep;
mod signature;
mod uuid;

pub use aead::{AeadKey, OVERHEAD_BYTES, OpenError};
pub use agreement::AgreementKey;
pub use asymmetric_error::AsymmetricError;
pub use digest::{Sha256, sha1, sha256};
pub use hmac::{HmacSha256Key, hmac_sha256};
pub use jws::{JwsAlgorithm, JwsKey};
pub use key_pair::{KeyPair, KeyPairSpec};
pub use key_wrap::{ImportWrapping, unwrap_key_padded, wrap_key_padded};
pub use mac::{MacAlgorithm, MacKey};
pub use ml_kem::{Encapsulated, MlKemKey, MlKemSpec, encapsulate};
pub use random::{Random, SystemRandom};
pub use rsa_oaep::{DecryptionKey, EncryptionKey, Oaep};
pub use signature::{Message, SigningAlgorithm, SigningKey, VerifyingKey};
pub use uuid::Uuid;

/// Whether two byte strings are equal, in time that depends on their lengths
/// alone.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}
