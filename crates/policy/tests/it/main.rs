//! The policy language seen from outside.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod analysis;
mod case;
mod decisions;
mod differential;
mod evaluation;
mod generate;
mod grammar;
mod laws;
mod reference;
mod world;
