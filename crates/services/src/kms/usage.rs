//! When a key was last used, kept loosely: at most one note a minute and key,
//! written in the background. The audit log is what tells every use.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use strongroom_store::{Mode, StoreError};
use strongroom_types::{AccountId, Region};

use super::{key::OpenKey, record::LastUsage};
use crate::{
    context::{Context, Services},
    tables::{KmsKeyUsages, KmsKeys},
};

/// Uses noted of one key, at least so far apart, in milliseconds.
const APART_MS: i64 = 60_000;
/// Keys whose use waits to be written. Past it, notes wait for the next use.
const MAX_PENDING: usize = 100_000;
/// Keys written in one transaction.
const BATCH: usize = 500;

type KeyPlace = (AccountId, Region, String);

/// Uses that are not written yet.
#[derive(Default)]
pub(super) struct Usages(Mutex<HashMap<KeyPlace, LastUsage>>);

/// When the use of an opened key was last noted.
#[derive(Default)]
pub(super) struct Noted(AtomicI64);

impl Noted {
    fn is_recent(&self, now_ms: i64) -> bool {
        let before = self.0.load(Ordering::Relaxed);
        if before != 0 && now_ms < before.saturating_add(APART_MS) {
            return true;
        }
        self.0.store(now_ms, Ordering::Relaxed);
        false
    }
}

/// Notes that a key did something for the request.
pub(super) fn note(cx: &Context<'_>, key: &OpenKey, operation: &str) {
    let material = &cx.services.key_material;
    material.uses.note(operation, key.spec);
    let now_ms = cx.now.as_millisecond();
    if key.noted.is_recent(now_ms) {
        return;
    }
    let mut pending = material
        .usages
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if pending.len() < MAX_PENDING {
        let usage = LastUsage {
            operation: operation.to_owned(),
            used_ms: now_ms,
            request_id: cx.request.id.clone(),
        };
        pending.insert(key.place(), usage);
    }
}

/// The last use that is known of a key.
pub(super) async fn last(
    cx: &mut Context<'_>,
    place: &KeyPlace,
) -> Result<Option<LastUsage>, StoreError> {
    let pending = {
        let usages = &cx.services.key_material.usages;
        let pending = usages.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.get(place).cloned()
    };
    match pending {
        Some(usage) => Ok(Some(usage)),
        None => cx.tx.get::<KmsKeyUsages>(place).await,
    }
}

/// Writes the uses of keys since the last call. To be called every second or
/// so, and before the process ends.
///
/// # Errors
/// When the store fails; what was not written stays for the next call.
pub async fn flush_key_usages(services: &Services) -> Result<(), StoreError> {
    let pending = &services.key_material.usages.0;
    loop {
        let batch: Vec<(KeyPlace, LastUsage)> = {
            let pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
            let first = pending.iter().take(BATCH);
            first
                .map(|(key, usage)| (key.clone(), usage.clone()))
                .collect()
        };
        if batch.is_empty() {
            return Ok(());
        }
        match write(services, &batch).await {
            Ok(()) => {
                let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
                for (key, usage) in &batch {
                    if pending.get(key) == Some(usage) {
                        pending.remove(key);
                    }
                }
            }
            // A key was changed or removed at that moment.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
}

async fn write(services: &Services, batch: &[(KeyPlace, LastUsage)]) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    for (key, usage) in batch {
        // Of a key that is gone nothing stays.
        if tx.get::<KmsKeys>(key).await?.is_some() {
            tx.put::<KmsKeyUsages>(key, usage)?;
        }
    }
    tx.commit(Vec::new()).await?;
    Ok(())
}
