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

mod aead;
mod digest;
mod hmac;
mod random;

pub use aead::{AeadKey, OVERHEAD_BYTES, OpenError};
pub use digest::{Sha256, sha256};
pub use hmac::{HmacSha256Key, hmac_sha256};
pub use random::{Random, SystemRandom};

/// Whether two byte strings are equal, in time that depends on their lengths
/// alone.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}
