//! Rotation: what RotateSecret sets up and the engine carries out.
//!
//! A secret's row says how it rotates and which rotation is running
//! (`record.rs`); `state.rs` changes that, without I/O. Each secret that
//! rotates has one job, due at a moment of its next window or, while a
//! rotation is running, at its next attempt. `engine.rs` claims jobs and
//! bounds how many run; `attempt.rs` is one attempt, from its claim to its
//! end, `change.rs` the transactions it makes; `home.rs` is how built-in functions call back.

mod attempt;
mod change;
mod engine;
mod home;
mod jobs;
mod outcomes;
pub(super) mod record;
mod rules;
mod shared;
mod state;

pub use engine::{run, run_due, take_back};
pub(crate) use home::{FunctionHome, record as record_lines};
pub(crate) use jobs::claim_key;
pub(super) use jobs::{
    changed_by_hand, cut_test_short, drop_job, end_what_is_done, restored, set_job,
};
pub use outcomes::Outcomes;
pub use record::{Rotation, Running};
pub use rules::RotationRules;
pub(super) use rules::schedule;
pub use shared::RotationShared;

/// Why the last attempt of a secret's rotation failed, in words that hold no
/// secret; nothing if it did not.
#[must_use]
pub fn failure(secret: &super::Secret) -> Option<&str> {
    let running = secret.rotation.as_ref()?.running.as_ref()?;
    running.failure.as_deref()
}
