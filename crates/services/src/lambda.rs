//! Lambda, as far as rotation needs it: functions, and calling them.
//!
//! `function.rs` finds a function by what a caller wrote. `builtin.rs` has the
//! functions that exist in every account and Region; those of users are rows
//! (`record.rs`), called by `custom.rs` in processes of their own, under
//! credentials of their role (`role.rs`). `invoke.rs` is every call, whoever
//! makes it. Each operation is a file under `operations/`.

mod arguments;
mod builtin;
mod configuration;
mod custom;
mod error;
mod function;
mod invoke;
pub mod operations;
mod record;
mod role;

pub use custom::FunctionHost;
pub use error::{Error, Result};
pub(crate) use invoke::{Failed, RotationEvent, invoke_for_secret, may_rotate};
pub use record::{FunctionCode, FunctionRow, Statement, Variable};

use crate::{operation::Service, protocol::Protocol};

/// The service.
pub struct Lambda;

impl Service for Lambda {
    const NAME: &'static str = "lambda";
    const EVENT_SOURCE: &'static str = "lambda.amazonaws.com";
    const PROTOCOL: Protocol = Protocol::RestJson;
    type Error = Error;
}

/// Whether a function is still as its caller thinks.
///
/// # Errors
/// `PreconditionFailedException`.
fn revision(row: &FunctionRow, expected: Option<&str>) -> Result<()> {
    if expected.is_none_or(|expected| expected == row.revision_id) {
        return Ok(());
    }
    Err(Error::PreconditionFailed(
        "The Revision Id provided does not match the latest Revision Id. Call the \
         GetFunction/GetAlias API to retrieve the latest Revision Id."
            .into(),
    ))
}
