//! Known answers of NIST, the RFCs and Project Wycheproof for every algorithm
//! that is used, and laws that hold for all keys and messages.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod encoding;
mod laws;
mod nist;
mod wycheproof;
