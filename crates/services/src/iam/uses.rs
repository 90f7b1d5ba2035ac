//! When access keys and roles were last used, without a write per request.
//!
//! A use is remembered in memory and written within a second or so by
//! [`flush_uses`], many in one transaction, and of each key and session at most
//! one a minute. A crash in between loses a date, never a record: what was done
//! is in the audit log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::{AccountId, Region, Timestamp};

use super::{
    caller::Caller,
    record::{LastUse, Role},
};
use crate::{
    context::{Context, Services},
    sts::session::Holder,
    tables::{AccessKeyUses, AccessKeys, RoleUses, Roles},
};

/// Keys and roles remembered at most: nobody uses more in one second.
const MAX_USED: usize = 100_000;
/// Uses written in one transaction.
const BATCH: usize = 500;
/// How long a role's use is told.
///
/// Source: IAM API Reference, RoleLastUsed: the trailing 400 days.
const ROLE_TOLD_MS: i64 = 400 * 24 * 60 * 60 * 1000;

/// The last uses that are not written yet.
#[derive(Default)]
pub struct Uses(Mutex<HashMap<Used, LastUse>>);

/// What was used.
#[derive(PartialEq, Eq, Hash)]
enum Used {
    /// A long-term access key, by its id.
    AccessKey(String),
    /// A role, by its row and its unique id.
    Role((AccountId, String), String),
}

impl Used {
    /// What a caller uses; nothing for temporary credentials of users.
    fn by(caller: &Caller) -> Option<Self> {
        let Some(statement) = caller.statement() else {
            return Some(Self::AccessKey(caller.access_key_id.clone()));
        };
        match statement.holder.as_ref()? {
            Holder::Role(role) => Some(Self::role(caller.account, &role.name, &role.id)),
            Holder::Federated(_) | Holder::Root(_) | Holder::User(_) => None,
        }
    }

    fn role(account: AccountId, name: &str, id: &str) -> Self {
        Self::Role((account, name.to_lowercase()), id.to_owned())
    }

    /// Writes its last use. What was deleted meanwhile leaves none.
    async fn write(self, tx: &mut Transaction, last: &LastUse) -> Result<(), StoreError> {
        match self {
            Self::AccessKey(id) => {
                let key = (id,);
                if tx.get::<AccessKeys>(&key).await?.is_some() {
                    tx.put::<AccessKeyUses>(&key, last)?;
                }
            }
            Self::Role(key, id) => {
                let role = tx.get::<Roles>(&key).await?;
                if role.is_some_and(|role| role.id == id) {
                    tx.put::<RoleUses>(&key, last)?;
                }
            }
        }
        Ok(())
    }
}

impl Uses {
    /// Notes that a caller's long-term access key, or the role of a session,
    /// was used for a service, if it is a while since that was last noted.
    pub fn note(&self, caller: &Caller, now: Timestamp, service: &str, region: Region) {
        if !caller.use_is_worth_a_note(now) {
            return;
        }
        let Some(used) = Used::by(caller) else {
            return;
        };
        let last = LastUse {
            used_ms: now.as_millisecond(),
            service: service.to_owned(),
            region: region.to_string(),
        };
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() < MAX_USED {
            pending.insert(used, last);
        }
    }

    fn pending(&self, used: &Used) -> Option<LastUse> {
        let pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.get(used).cloned()
    }

    fn take(&self) -> Vec<(Used, LastUse)> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.extract_if(|_, _| true).take(BATCH).collect()
    }
}

/// The last use of an access key.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn of_access_key(
    cx: &mut Context<'_>,
    id: &str,
) -> Result<Option<LastUse>, StoreError> {
    let used = Used::AccessKey(id.to_owned());
    match cx.services.callers.uses().pending(&used) {
        Some(last) => Ok(Some(last)),
        None => cx.tx.get::<AccessKeyUses>(&(id.to_owned(),)).await,
    }
}

/// The last use of a role of an account, if that is not too long ago.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn of_role(
    cx: &mut Context<'_>,
    account: AccountId,
    role: &Role,
) -> Result<Option<LastUse>, StoreError> {
    let used = Used::role(account, &role.name, &role.id);
    let last = match cx.services.callers.uses().pending(&used) {
        Some(last) => Some(last),
        None => {
            let key = (account, role.name.to_lowercase());
            cx.tx.get::<RoleUses>(&key).await?
        }
    };
    let since = cx.now.as_millisecond() - ROLE_TOLD_MS;
    Ok(last.filter(|last| last.used_ms >= since))
}

/// Writes the last uses of access keys and roles.
///
/// # Errors
/// When the store cannot be written; the dates of the batch at hand are lost.
pub async fn flush_uses(services: &Services) -> Result<(), StoreError> {
    loop {
        let uses = services.callers.uses().take();
        if uses.is_empty() {
            return Ok(());
        }
        let mut tx = services.store.begin(Mode::Write).await?;
        for (used, last) in uses {
            used.write(&mut tx, &last).await?;
        }
        match tx.commit(Vec::new()).await {
            // The next use will do.
            Ok(_) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
}
