//! When an access key was last used, without a write per request.
//!
//! A use is remembered in memory and written within a second or so by
//! [`flush_access_key_uses`], many in one transaction, and of each key at most one a
//! minute. A crash in between loses a date, never a record: what the key did
//! is in the audit log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use strongroom_store::{Mode, StoreError};
use strongroom_types::{Region, Timestamp};

use super::{caller::Caller, record::AccessKeyUse};
use crate::{
    context::Services,
    tables::{AccessKeyUses, AccessKeys},
};

/// Keys remembered at most: nobody uses more in one second.
const MAX_KEYS: usize = 100_000;
/// Uses written in one transaction.
const BATCH: usize = 500;

/// The last uses of access keys that are not written yet.
#[derive(Default)]
pub struct KeyUses(Mutex<HashMap<String, AccessKeyUse>>);

impl KeyUses {
    /// Notes that a caller's long-term access key was used for a service, if
    /// it is a while since that was last noted.
    pub fn note(&self, caller: &Caller, now: Timestamp, service: &str, region: Region) {
        if caller.session.is_some() || !caller.use_is_worth_a_note(now) {
            return;
        }
        let used = AccessKeyUse {
            used_ms: now.as_millisecond(),
            service: service.to_owned(),
            region: region.to_string(),
        };
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() < MAX_KEYS {
            pending.insert(caller.access_key_id.clone(), used);
        }
    }

    /// A use that is not written yet.
    pub(super) fn pending(&self, access_key_id: &str) -> Option<AccessKeyUse> {
        let pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.get(access_key_id).cloned()
    }

    fn take(&self) -> Vec<(String, AccessKeyUse)> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<String> = pending.keys().take(BATCH).cloned().collect();
        ids.into_iter()
            .filter_map(|id| pending.remove_entry(&id))
            .collect()
    }
}

/// Writes the last uses of access keys. A key that was deleted meanwhile leaves
/// none.
///
/// # Errors
/// When the store cannot be written; the dates of the batch at hand are lost.
pub async fn flush_access_key_uses(services: &Services) -> Result<(), StoreError> {
    loop {
        let uses = services.callers.key_uses().take();
        if uses.is_empty() {
            return Ok(());
        }
        let mut tx = services.store.begin(Mode::Write).await?;
        for (id, used) in uses {
            let key = (id,);
            if tx.get::<AccessKeys>(&key).await?.is_some() {
                tx.put::<AccessKeyUses>(&key, &used)?;
            }
        }
        match tx.commit(Vec::new()).await {
            // The next use will do.
            Ok(_) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
}
