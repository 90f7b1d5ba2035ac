//! Lambda, as far as rotation needs it: functions, and calling them.
//!
//! `function.rs` finds a function by what a caller wrote, in the version that a
//! qualifier names (`qualifier.rs`, `versions.rs`). `builtin.rs` has the
//! functions that exist in every account and Region; those of users are rows
//! (`record.rs`), called by `custom.rs` in processes of their own, under
//! credentials of their role (`role.rs`); or endpoints that the configuration
//! names (`remote.rs`). `invoke.rs` is every call, whoever
//! makes it; `queue.rs` those that are made later. Each operation is a file under `operations/`.

mod aliases;
mod arguments;
mod builtin;
mod configuration;
mod custom;
mod environment;
mod error;
mod failed;
mod function;
mod invariants;
mod invoke;
mod naming;
pub mod operations;
mod policy;
mod qualifier;
pub mod queue;
mod record;
mod remote;
mod role;
mod versions;

pub use custom::FunctionHost;
pub use error::{Error, Result};
pub(crate) use failed::{Failed, Target};
pub(crate) use invariants::check_functions;
pub(crate) use invoke::{RotationEvent, invoke_for_secret, may_rotate};
pub use record::{
    BuiltinFunction, FunctionAlias, FunctionCode, FunctionEvent, FunctionEventPayload, FunctionRow,
    Statement, Variable,
};
pub use remote::{
    FunctionEndpoint, FunctionEndpoints, RemoteCall, RemoteError, RemoteFunction, is_principal,
};

use crate::{operation::Service, protocol::RestJson};

/// The service.
pub struct Lambda;

impl Service for Lambda {
    const NAME: &'static str = "lambda";
    const EVENT_SOURCE: &'static str = "lambda.amazonaws.com";
    type Protocol = RestJson;
    const PROTOCOL: RestJson = RestJson;
    type Error = Error;
}

/// The largest request that brings an archive of 50 MB, in base 64.
///
/// Source: the limit that AWS's error names.
const UPLOAD_BYTES: usize = 70_167_211;

/// Whether a function or an alias, which has this revision, is still as its
/// caller thinks.
///
/// # Errors
/// `PreconditionFailedException`.
fn revision(now: &str, expected: Option<&str>) -> Result<()> {
    if expected.is_none_or(|expected| expected == now) {
        return Ok(());
    }
    Err(Error::PreconditionFailed(
        "The Revision Id provided does not match the latest Revision Id. Call the \
         GetFunction/GetAlias API to retrieve the latest Revision Id."
            .into(),
    ))
}
