//! From the store's outbox to the audit log.
//!
//! The record of a change is committed with the change, so neither is ever
//! there without the other. From there one task copies records to the log, in
//! order, and lets the store forget those that the log has. After a crash the
//! same records may be in both places; their event ids tell.

use std::{collections::HashSet, io, sync::Arc, time::Duration};

use strongroom_store::{Store, StoreError};
use tokio::sync::{Notify, watch};

use crate::audit::{AuditError, AuditLog, Recovered};

/// Records read from the store at once.
const BATCH: usize = 512;
/// Bytes appended to the log at once, unless one record alone has more. Far
/// below what the log takes in one append.
const APPEND_BYTES: usize = 1 << 20;
/// How long nothing must come before the store is made to forget what the log
/// has, and how often the outbox is looked at though nobody said so.
const IDLE: Duration = Duration::from_secs(1);
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
        let mut forgotten = 0;
        loop {
            // Asked before copying, so that the last round sees everything.
            let is_last = *stop.borrow() || stop.has_changed().is_err();
            match copy(&store, &log, &mut position, &stop).await {
                Ok(()) if is_last => return,
                Ok(()) => {
                    tokio::select! {
                        () = self.0.notified() => continue,
                        _ = stop.wait_for(|stop| *stop) => continue,
                        () = tokio::time::sleep(IDLE) => {}
                    }
                    // What the store still holds after a crash is looked for
                    // in the recent log only, so it must not hold it for long.
                    if forgotten < position {
                        match store.forget_outbox().await {
                            Ok(()) => forgotten = position,
                            Err(error) => tracing::warn!(%error, "the outbox is not tidied yet"),
                        }
                    }
                }
                // What may still be on its way to the log is not copied once
                // more: the next start will know whether it came.
                Err(error) if is_last || *stop.borrow() => {
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
async fn copy(
    store: &Store,
    log: &AuditLog,
    position: &mut u64,
    stop: &watch::Receiver<bool>,
) -> Result<(), String> {
    loop {
        let rows = store
            .outbox(*position, BATCH)
            .await
            .map_err(|error| error.to_string())?;
        let Some(&(last, _)) = rows.last() else {
            return Ok(());
        };
        let lines: Vec<_> = rows.into_iter().map(|(_, line)| line).collect();
        append(log, &lines, stop)
            .await
            .map_err(|error| error.to_string())?;
        *position = last;
        store.outbox_done(last);
    }
}

/// Appends records in portions that the log takes. A disk that is slow is
/// waited for: what is tried again would be there twice.
async fn append(
    log: &AuditLog,
    mut lines: &[Vec<u8>],
    stop: &watch::Receiver<bool>,
) -> Result<(), AuditError> {
    while !lines.is_empty() {
        let mut bytes = 0;
        let fits = |line: &&Vec<u8>| {
            bytes += line.len() + 1;
            bytes <= APPEND_BYTES
        };
        let count = lines.iter().take_while(fits).count().max(1);
        let (portion, rest) = lines.split_at(count.min(lines.len()));
        let mut stop = stop.clone();
        let stopped = async move {
            // Nobody can stop it any more if nobody is left to.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        log.append_surely(portion, stopped).await?;
        lines = rest;
    }
    Ok(())
}

/// Copies what an earlier process left, except for what its log already has.
/// To be awaited before anything else is answered.
///
/// # Errors
/// When store or log cannot be read or written.
pub async fn recover(store: &Store, log: &AuditLog, recovered: &Recovered) -> io::Result<()> {
    let other = |error: StoreError| io::Error::other(error.to_string());
    let mut ids = HashSet::new();
    let mut position = 0;
    loop {
        let rows = store.outbox(position, BATCH).await.map_err(other)?;
        let Some(&(last, _)) = rows.last() else { break };
        let found = rows.iter().filter_map(|(_, line)| event_id(line));
        ids.extend(found.map(str::to_owned));
        position = last;
    }
    let known = recovered.contains_recent(&ids)?;
    let (_go_on, stop) = watch::channel(false);
    position = 0;
    loop {
        let mut rows = store.outbox(position, BATCH).await.map_err(other)?;
        let Some(&(last, _)) = rows.last() else {
            return store.forget_outbox().await.map_err(other);
        };
        rows.retain(|(_, line)| event_id(line).is_none_or(|id| !known.contains(id)));
        let lines: Vec<_> = rows.into_iter().map(|(_, line)| line).collect();
        append(log, &lines, &stop).await.map_err(io::Error::other)?;
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

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use strongroom_store::Mode;
    use strongroom_types::SystemClock;
    use tempfile::TempDir;

    use super::*;
    use crate::audit::{Options, Signer};

    async fn commit(store: &Store, records: Vec<Vec<u8>>) {
        let tx = store.begin(Mode::Write).await.unwrap();
        tx.commit(records).await.unwrap();
    }

    fn record(number: usize, bytes: usize) -> Vec<u8> {
        let filling = "x".repeat(bytes);
        format!(r#"{{"eventID":"id-{number}","filling":"{filling}"}}"#).into_bytes()
    }

    fn open(directory: &Path) -> (AuditLog, Recovered) {
        let signer = Arc::new(Signer::from_seed(&[7; 32]).unwrap());
        AuditLog::open(directory, Options::default(), Arc::new(SystemClock), signer).unwrap()
    }

    fn ids(directory: &Path) -> Vec<String> {
        let files = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        files.sort();
        let text: String = files
            .iter()
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        let lines = text.lines().filter_map(|line| event_id(line.as_bytes()));
        lines.map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn more_than_the_log_takes_at_once_is_copied_in_portions() {
        let directory = TempDir::new().unwrap();
        let store = Store::in_memory();
        for number in 0..60 {
            commit(
                &store,
                vec![record(number, 400_000), record(1_000 + number, 10)],
            )
            .await;
        }
        let (log, recovered) = open(directory.path());
        recover(&store, &log, &recovered).await.unwrap();
        assert!(store.outbox(0, 1).await.unwrap().is_empty());
        drop(log);
        let expected: Vec<_> = (0..60)
            .flat_map(|n| [format!("id-{n}"), format!("id-{}", 1_000 + n)])
            .collect();
        assert_eq!(ids(directory.path()), expected);
    }

    #[tokio::test]
    async fn what_the_log_has_is_not_copied_again() {
        let directory = TempDir::new().unwrap();
        let store = Store::in_memory();
        commit(&store, (0..700).map(|number| record(number, 10)).collect()).await;
        let (log, _) = open(directory.path());
        let rows = store.outbox(0, 300).await.unwrap();
        let known: Vec<_> = rows.into_iter().map(|(_, line)| line).collect();
        let (_go_on, stop) = watch::channel(false);
        append(&log, &known, &stop).await.unwrap();
        drop(log);

        let (log, recovered) = open(directory.path());
        recover(&store, &log, &recovered).await.unwrap();
        drop(log);
        let expected: Vec<_> = (0..700).map(|number| format!("id-{number}")).collect();
        assert_eq!(ids(directory.path()), expected);
    }
}
