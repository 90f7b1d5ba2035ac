//! Signatures against AWS's test suite, AWS's own signer, the table of
//! failures, and noise.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod failures;
mod noise;
mod oracle;
mod suite;
mod support;
mod variants;
