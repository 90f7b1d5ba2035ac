//! Custom key stores: CloudHSM clusters and external key stores. There are
//! none yet, and this is the one place that says so.

use super::error::{Error, Result};

/// AWS's error for what a deployment does not have.
///
/// # Errors
/// `UnsupportedOperationException`, always.
pub(super) fn unsupported<T>() -> Result<T> {
    Err(Error::unsupported(
        "Custom key stores are not supported in this deployment.",
    ))
}
