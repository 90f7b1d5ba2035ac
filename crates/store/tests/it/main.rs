//! The suite that every backend passes, and what only a file can suffer.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the helpers of tests, like the tests themselves, fail by panicking"
)]

mod backup;
mod crash;
mod damage;
mod disk;
mod exercise;
mod faults;
mod seal;
mod support;
