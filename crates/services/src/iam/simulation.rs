//! The policy simulator: what policies would answer to requests that nobody
//! makes.
//!
//! `scenario.rs` is what is simulated, `context.rs` its condition keys,
//! `source.rs` whose policies, `answers.rs` what the simulator answers. The
//! decisions are those of the policy crate, as for real requests; condition
//! keys are those that the request names, and those that follow from who the
//! caller is.
//!
//! Source: IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy.

mod answers;
mod context;
mod handling;
mod organization;
mod policies;
mod scenario;
mod source;

pub use answers::EvaluationResult;
pub use context::ContextEntry;
pub(super) use organization::Organization;
pub use policies::{PolicyIdentifier, SourcePolicy};
pub(super) use policies::{context_keys, excluded, input_list};
pub(super) use scenario::{Scenario, boundary, caller, owner, resource_policy};
pub use source::Source;
