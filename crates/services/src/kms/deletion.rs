//! The end of a key: scheduled, called off, carried out.

use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::Timestamp;

use super::{grants, key::OpenKey, multi_region, record::Key, rotation, service_event};
use crate::{
    cloudtrail::EventTime,
    context::{Home, Services},
    jobs::{Claimed, Job, Kind},
    tables::{Jobs, KmsAliases, KmsGrantCounts, KmsGrants, KmsKeyUsages, KmsKeys},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The time at which a window of days ends.
pub(super) fn end_of_window(now: Timestamp, days: i64) -> i64 {
    now.as_millisecond()
        .saturating_add(days.saturating_mul(DAY_MS))
}

/// Schedules a key's deletion. A primary whose replicas are still there waits
/// for them first.
pub(super) fn schedule(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &mut Key,
    days: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    row.deletion_window_days = Some(days);
    let waits = row
        .multi_region
        .as_ref()
        .is_some_and(|family| !family.replicas.is_empty())
        && multi_region::is_primary(home, row);
    if waits {
        return Ok(());
    }
    let due_ms = end_of_window(now, days);
    row.deletion_due_ms = Some(due_ms);
    let job = Job::of_key(Kind::DeleteKmsKey, home, key_id);
    tx.put::<Jobs>(&job.key(due_ms), &job)
}

/// Calls a deletion off; the key is left disabled.
pub(super) fn cancel(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &mut Key,
) -> Result<(), StoreError> {
    if let Some(due_ms) = row.deletion_due_ms.take() {
        let job = Job::of_key(Kind::DeleteKmsKey, home, key_id);
        // If a worker has it already, it will find nothing due.
        tx.delete::<Jobs>(&job.key(due_ms))?;
    }
    row.deletion_window_days = None;
    row.disabled = true;
    Ok(())
}

/// Destroys a key whose window has ended: its material, its aliases, its
/// grants. What was encrypted under it cannot be decrypted any more.
///
/// # Errors
/// When the store fails or another worker has the job; it will be tried again.
pub async fn delete_key(
    services: &Services,
    claimed: &Claimed,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    if tx.get::<Jobs>(&claimed.key).await?.is_none() {
        return Ok(());
    }
    tx.delete::<Jobs>(&claimed.key)?;
    let mut lines = Vec::new();
    if let Some(home) = claimed.job.home(services.partition) {
        let id = &claimed.job.resource;
        let place = (home.account, home.region, id.clone());
        let row = tx.get::<KmsKeys>(&place).await?;
        let ended = |row: &Key| {
            row.deletion_due_ms
                .is_some_and(|due| due <= now.as_millisecond())
        };
        if let Some(row) = row.filter(ended) {
            destroy(services, &mut tx, &home, id, row, now).await?;
            let event = service_event::deleted(&home, id);
            lines.push(event.own_record(services, &EventTime::of(now)));
        }
    }
    tx.commit(lines).await?;
    Ok(())
}

async fn destroy(
    services: &Services,
    tx: &mut Transaction,
    home: &Home,
    id: &str,
    row: Key,
    now: Timestamp,
) -> Result<(), StoreError> {
    let place = (home.account, home.region, id.to_owned());
    for alias in &row.aliases {
        tx.delete::<KmsAliases>(&(home.account, home.region, alias.clone()))?;
    }
    leave_family(tx, home, id, &row, now).await?;
    rotation::remove_job(tx, home, id, &row)?;
    super::import::remove_jobs(tx, home, id, &row)?;
    let key = OpenKey::of(services, home, id, row)?;
    let grants = tx
        .range::<KmsGrants>(place.clone(), None, usize::MAX)
        .await?;
    for ((.., grant_id), grant) in grants {
        grants::delete_rows(tx, &key, &grant_id, &grant)?;
    }
    tx.delete::<KmsGrantCounts>(&place)?;
    tx.delete::<KmsKeyUsages>(&place)?;
    tx.delete::<KmsKeys>(&place)
}

/// Tells a key's relatives that it is gone. The primary that waited for its
/// last replica begins its own window.
async fn leave_family(
    tx: &mut Transaction,
    home: &Home,
    id: &str,
    row: &Key,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (relative_home, mut relative) in multi_region::relatives(tx, home, id, row).await? {
        if let Some(family) = &mut relative.multi_region {
            family
                .replicas
                .retain(|region| region != home.region.as_str());
        }
        let waits = relative.deletion_due_ms.is_none()
            && multi_region::is_primary(&relative_home, &relative);
        if let Some(days) = relative.deletion_window_days.filter(|_| waits) {
            schedule(tx, &relative_home, id, &mut relative, days, now)?;
        }
        let place = (relative_home.account, relative_home.region, id.to_owned());
        tx.put::<KmsKeys>(&place, &relative)?;
    }
    Ok(())
}
