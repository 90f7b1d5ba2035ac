//! Trust policies: who may assume a role.

use super::{
    document,
    error::{Error, Result},
    principals, shared_providers,
};
use crate::context::Context;

/// The longest session of a role that says nothing of it, in seconds.
const SESSION_SECONDS: u32 = 3_600;

/// A trust policy as it is stored, with the principals it names by their ids.
///
/// # Errors
/// `MalformedPolicyDocument`, also for a principal that does not exist, and for
/// a provider that others share; `LimitExceeded`.
pub(super) async fn stored(cx: &mut Context<'_>, text: &str) -> Result<String> {
    let policy = document::trust(text)?;
    shared_providers::check(&policy)?;
    let partition = cx.services.partition;
    if let Some(missing) = principals::missing(&mut cx.tx, partition, &policy).await? {
        let named = principals::quoted(missing);
        return Err(Error::MalformedPolicyDocument(
            format!("Invalid principal in policy: {named}").into(),
        ));
    }
    Ok(principals::to_ids(&mut cx.tx, partition, text).await?)
}

/// `MaxSessionDuration`, whose range was checked when the request was decoded.
pub(super) fn session_seconds(asked: Option<i64>) -> u32 {
    asked
        .and_then(|seconds| u32::try_from(seconds).ok())
        .unwrap_or(SESSION_SECONDS)
}
