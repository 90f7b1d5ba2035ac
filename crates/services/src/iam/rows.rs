//! All rows of an account.

use strongroom_store::{Mode, Table};
use strongroom_types::AccountId;

use super::error::{Error, Result};
use crate::context::Context;

/// Rows read at a time.
const PAGE: usize = 500;

/// Every record of the caller's account, in the order of names. IAM's quotas
/// keep them to some thousands.
pub(super) async fn all<T>(cx: &mut Context<'_>) -> Result<Vec<T::Record>>
where
    T: Table<Key = (AccountId, String)>,
{
    let account = cx.request.caller.account;
    let mut records = Vec::new();
    let mut last: Option<T::Key> = None;
    loop {
        let rows = cx.tx.range::<T>((account,), last.as_ref(), PAGE).await?;
        let Some((key, _)) = rows.last() else {
            return Ok(records);
        };
        last = Some(key.clone());
        records.extend(rows.into_iter().map(|(_, record)| record));
    }
}

/// Refuses one more record in the caller's account past a quota, which AWS
/// calls `quota`.
///
/// Counts beside the transaction, so that creations do not meet conflicts over
/// their number: those that run at the same moment may go over the quota.
///
/// # Errors
/// `LimitExceeded`.
pub(super) async fn room<T>(cx: &mut Context<'_>, quota: &str, most: usize) -> Result<()>
where
    T: Table<Key = (AccountId, String)>,
{
    let account = cx.request.caller.account;
    let mut tx = cx.services.store.begin(Mode::Read).await?;
    let rows = tx.range::<T>((account,), None, most).await?;
    if rows.len() >= most {
        return Err(Error::over_quota(quota, most));
    }
    Ok(())
}
