//! `LastAccessedDate`: the day of the last read, without a write per read.
//!
//! A read that is not the day's first of its version costs a comparison. The
//! first one is remembered in memory and written within a second or so by
//! [`flush_accesses`], many in one transaction. A crash in between loses a
//! date, never a record: that the read happened is in the audit log.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use strongroom_store::{Mode, StoreError};
use strongroom_types::{AccountId, Region, Timestamp};

use super::{record::Secret, secret_ref::FoundSecret};
use crate::{context::Services, tables::Secrets};

/// Reads remembered at most. Past it, dates wait for the next read.
const MAX_PENDING: usize = 100_000;
/// Secrets changed in one transaction.
const BATCH: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The first read of a version on a day.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Access {
    secret: (AccountId, Region, String),
    /// Tells the secret from a later one of its name.
    suffix: String,
    version_id: String,
    day: i64,
}

/// First reads of a day that are not yet written.
#[derive(Default)]
pub(super) struct Accesses(Mutex<BTreeSet<Access>>);

/// Days since the epoch, UTC.
pub(super) fn day_of(time: Timestamp) -> i64 {
    time.as_millisecond().div_euclid(DAY_MS)
}

/// `LastAccessedDate` of a day: the midnight UTC at which it begins.
pub(super) fn accessed(day: Option<i64>) -> Option<Timestamp> {
    let midnight = day?.saturating_mul(DAY_MS);
    Timestamp::from_millisecond(midnight).ok()
}

impl Accesses {
    /// Notes that a version was read.
    pub(super) fn note(&self, found: &FoundSecret, version_id: &str, now: Timestamp) {
        let day = day_of(now);
        let known = found
            .secret
            .version(version_id)
            .and_then(|version| version.last_accessed_day);
        if known.is_some_and(|known| known >= day) {
            return;
        }
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() < MAX_PENDING {
            pending.insert(Access {
                secret: found.key(),
                suffix: found.secret.suffix.clone(),
                version_id: version_id.to_owned(),
                day,
            });
        }
    }

    fn take(&self) -> Vec<Access> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = pending.iter().nth(BATCH).cloned();
        let rest = rest
            .map(|first| pending.split_off(&first))
            .unwrap_or_default();
        std::mem::replace(&mut *pending, rest).into_iter().collect()
    }

    fn put_back(&self, accesses: Vec<Access>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(accesses);
    }
}

/// Writes the dates of reads since the last call. To be called every second
/// or so, and before the process ends.
///
/// # Errors
/// When the store fails; what was not written stays for the next call.
pub async fn flush_accesses(services: &Services) -> Result<(), StoreError> {
    loop {
        let batch = services.secrets.accesses.take();
        if batch.is_empty() {
            return Ok(());
        }
        match write(services, &batch).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => services.secrets.accesses.put_back(batch),
            Err(error) => {
                services.secrets.accesses.put_back(batch);
                return Err(error);
            }
        }
    }
}

async fn write(services: &Services, batch: &[Access]) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    let same_secret = |a: &Access, b: &Access| (&a.secret, &a.suffix) == (&b.secret, &b.suffix);
    for accesses in batch.chunk_by(same_secret) {
        let Some(Access {
            secret: key,
            suffix,
            ..
        }) = accesses.first()
        else {
            continue;
        };
        let Some(mut secret) = tx
            .get::<Secrets>(key)
            .await?
            .filter(|it| it.suffix == *suffix)
        else {
            continue;
        };
        for access in accesses {
            touch(&mut secret, &access.version_id, access.day);
        }
        tx.put::<Secrets>(key, &secret)?;
    }
    tx.commit(Vec::new()).await?;
    Ok(())
}

/// Dates only move forward, and are not a change of the secret.
fn touch(secret: &mut Secret, version_id: &str, day: i64) {
    if let Some(version) = secret
        .versions
        .iter_mut()
        .find(|version| version.id == version_id)
    {
        version.last_accessed_day = version.last_accessed_day.max(Some(day));
        secret.last_accessed_day = secret.last_accessed_day.max(Some(day));
    }
}
