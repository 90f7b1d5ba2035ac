//! How many secrets there are, by account and Region: CloudWatch's
//! `ResourceCount`.
//!
//! Counted by walking through the keys, a page at a time, so that it never
//! costs much at once and never has to be kept true by anything. Secrets that
//! are scheduled for deletion count, as they do with AWS.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use strongroom_store::{Mode, StoreError};
use strongroom_types::{AccountId, Region};

use crate::{context::Services, tables::Secrets};

/// Keys read at a time.
const KEYS: usize = 1000;

/// Account and Region, and how many secrets they have.
pub type SecretCounts = BTreeMap<(AccountId, Region), u64>;

/// Where the walk is, and what the last whole one found.
#[derive(Default)]
pub(super) struct Census(Mutex<Walk>);

#[derive(Default)]
struct Walk {
    after: Option<(AccountId, Region, String)>,
    counting: SecretCounts,
    counted: Option<Arc<SecretCounts>>,
}

/// Counts one page further. Whether the walk came to its end, and what
/// [`counted`] says is new.
///
/// # Errors
/// Those of the store; the walk goes on from where it was.
pub async fn count_secrets(services: &Services) -> Result<bool, StoreError> {
    let census = &services.secrets.census.0;
    let lock = || census.lock().unwrap_or_else(PoisonError::into_inner);
    let after = lock().after.clone();
    let mut tx = services.store.begin(Mode::Read).await?;
    let keys = tx.keys::<Secrets>((), after.as_ref(), KEYS).await?;
    let mut walk = lock();
    for (account, region, _) in &keys {
        *walk.counting.entry((*account, *region)).or_default() += 1;
    }
    let is_last = keys.len() < KEYS;
    walk.after = keys.into_iter().next_back();
    if is_last {
        walk.after = None;
        walk.counted = Some(Arc::new(std::mem::take(&mut walk.counting)));
    }
    Ok(is_last)
}

/// What the last whole walk found; nothing before the first.
#[must_use]
pub fn counted(services: &Services) -> Option<Arc<SecretCounts>> {
    let census = &services.secrets.census.0;
    let walk = census.lock().unwrap_or_else(PoisonError::into_inner);
    walk.counted.clone()
}
