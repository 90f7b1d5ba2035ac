//! From the store's outbox to the audit log.
//!
//! The record of a change is committed with the change, so neither is ever
//! there without the other. From there one task copies records to the log, in
//! order, and lets the store forget those that the log has. After a crash the
//! same records may be in both places; their event ids tell.

use std::{collections::HashSet, io, sync::Arc, time::Duration};

use strongroom_store::{Store, StoreError};
use tokio::sync::{Notify, watch};

use crate::audit::{AuditLog, Recovered};

/// Records copied in one write.
const BATCH: usize = 512;
/// Pause after a failure of store or log.
const PAUSE: Duration = Duration::from_millis(200);

/// Wakes the copying task.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Notify>);

impl Outbox {
    /// There may be something to copy.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Copies until `stop` turns true, and then what is left. Failures are
    /// retried: the records are safe in the store meanwhile.
    ///
    /// Not to be dropped while it copies: records on their way to the log
    /// would be copied twice.
    pub async fn run(&self, store: Store, log: Arc<AuditLog>, mut stop: watch::Receiver<bool>) {
        let mut position = 0;
        loop {
            // Asked before copying, so that the last round sees everything.
            let is_last = *stop.borrow() || stop.has_changed().is_err();
            match copy(&store, &log, &mut position).await {
                Ok(()) if is_last => return,
                Ok(()) => {
                    tokio::select! {
                        () = self.0.notified() => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                }
                Err(error) if is_last => {
                    tracing::warn!(
                        error,
                        "audit records stay in the store until the next start"
                    );
                    return;
                }
                Err(error) => {
                    tracing::error!(error, "cannot copy audit records to the log; will retry");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Copies all that is there.
///
/// # Errors
/// A sentence about the store or the log.
async fn copy(store: &Store, log: &AuditLog, position: &mut u64) -> Result<(), String> {
    loop {
        let rows = store
            .outbox(*position, BATCH)
            .await
            .map_err(|error| error.to_string())?;
        let Some(&(last, _)) = rows.last() else {
            return Ok(());
        };
        let lines: Vec<_> = rows.into_iter().map(|(_, line)| line).collect();
        log.append_many(&lines)
            .await
            .map_err(|error| error.to_string())?;
        *position = last;
        store.outbox_done(last);
    }
}

/// Copies what an earlier process left, except for what its log already has.
/// To be awaited before anything else is answered.
///
/// # Errors
/// When store or log cannot be read or written.
pub async fn recover(store: &Store, log: &AuditLog, recovered: &Recovered) -> io::Result<()> {
    let other = |error: StoreError| io::Error::other(error.to_string());
    let mut position = 0;
    loop {
        let rows = store.outbox(position, BATCH).await.map_err(other)?;
        let Some(&(last, _)) = rows.last() else {
            return Ok(());
        };
        let ids: HashSet<String> = rows
            .iter()
            .filter_map(|(_, line)| event_id(line))
            .map(str::to_owned)
            .collect();
        let known = recovered.contains_recent(&ids)?;
        let is_new = |line: &Vec<u8>| event_id(line).is_none_or(|id| !known.contains(id));
        let lines: Vec<_> = rows
            .into_iter()
            .map(|(_, line)| line)
            .filter(is_new)
            .collect();
        log.append_many(&lines).await.map_err(io::Error::other)?;
        position = last;
        store.outbox_done(last);
    }
}

/// The `eventID` of a record, which is written by our own serializer.
fn event_id(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, rest) = line.split_once(r#""eventID":""#)?;
    rest.split_once('"').map(|(id, _)| id)
}
