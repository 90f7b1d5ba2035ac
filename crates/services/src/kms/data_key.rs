//! Data keys: how long they are, and where they come from.

use zeroize::Zeroizing;

use super::{
    error::{Error, Result},
    spec::DataKeySpec,
};
use crate::context::Context;

/// The bytes of a data key that a request asks for, by name or by number.
///
/// # Errors
/// `ValidationException` for both, or for neither where there is no default.
pub(super) fn length(
    spec: Option<DataKeySpec>,
    bytes: Option<i64>,
    has_default: bool,
) -> Result<usize> {
    match (spec, bytes) {
        (Some(DataKeySpec::Aes128), None) => Ok(16),
        (Some(DataKeySpec::Aes256), None) => Ok(32),
        (None, None) if has_default => Ok(32),
        // The model's range was checked when the request was decoded.
        (None, Some(bytes)) => Ok(usize::try_from(bytes).unwrap_or_default()),
        (None, None) | (Some(_), Some(_)) => Err(Error::validation(
            "Please specify either number of bytes or key spec.",
        )),
    }
}

/// Random bytes.
pub(super) fn fresh(cx: &Context<'_>, length: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    cx.services.random.fill(&mut bytes);
    bytes
}
