//! How far the log had come, noted in the store: what was there cannot be
//! taken away with all its files, nor put back as it was earlier.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use strongroom_services::{
    events::{AcceptedLoss, LogReach},
    tables::LogReaches,
};
use strongroom_store::{Mode, Store, StoreError};
use tokio::sync::Mutex;

use super::{archive, digest::PublicKey, storage::Disk, verify::Fault};

/// Said of a log that does not have what the store noted.
pub(super) const GONE: &str = "the store noted that the log had come this far, and it has not: records were \
                    removed, or an older copy of the log was put in its place";

/// Keeps the note of a log.
pub struct Reached {
    directory: PathBuf,
    key: PublicKey,
    /// Whether the log has what was noted. If not, the note stands until
    /// somebody accepts the loss.
    is_kept: AtomicBool,
    noted: Mutex<Option<LogReach>>,
}

impl Reached {
    /// Compares the log with what the store noted of it, before it is opened.
    ///
    /// # Errors
    /// When either cannot be read.
    pub async fn compare(store: &Store, directory: &Path, key: &PublicKey) -> io::Result<Self> {
        let noted = noted(store).await.map_err(io::Error::other)?;
        let missing = match &noted {
            Some(noted) => missing(directory, key, noted)?,
            None => None,
        };
        if let Some(fault) = &missing {
            tracing::error!(
                place = fault.file,
                time = noted.as_ref().map(|noted| &noted.time),
                "records of the audit log are missing that the store knows of; \
                 `strongroom audit verify` says more"
            );
        }
        Ok(Self {
            directory: directory.to_owned(),
            key: key.clone(),
            is_kept: missing.is_none().into(),
            noted: Mutex::new(noted),
        })
    }

    /// Notes how far the log has come, as its head says: a commit, beside the
    /// way of requests, if the head moved. A failure is tried again with the
    /// next call.
    pub async fn note(&self, store: &Store) {
        let mut noted = self.noted.lock().await;
        if let Err(error) = self.go_on(store, &mut noted).await {
            tracing::warn!(%error, "cannot note how far the audit log has come; will retry");
        }
    }

    async fn go_on(&self, store: &Store, noted: &mut Option<LogReach>) -> io::Result<()> {
        if !self.is_kept.load(Ordering::Relaxed) {
            let now = self::noted(store).await.map_err(io::Error::other)?;
            let Some(accepted) = now.filter(|now| Some(now) != noted.as_ref()) else {
                return Ok(());
            };
            if missing(&self.directory, &self.key, &accepted)?.is_some() {
                return Ok(());
            }
            *noted = Some(accepted);
            self.is_kept.store(true, Ordering::Relaxed);
        }
        if let Some(reach) = self.note_after(store, noted.as_ref()).await? {
            *noted = Some(reach);
        }
        Ok(())
    }

    async fn note_after(
        &self,
        store: &Store,
        noted: Option<&LogReach>,
    ) -> io::Result<Option<LogReach>> {
        let reach = newest(&self.directory, &self.key)?;
        let Some(mut reach) =
            reach.filter(|reach| noted.is_none_or(|noted| place(noted) < place(reach)))
        else {
            return Ok(None);
        };
        let mut tx = store.begin(Mode::Write).await.map_err(io::Error::other)?;
        let before = tx.get::<LogReaches>(&(0,)).await;
        let before = before.map_err(io::Error::other)?;
        reach.accepted = before.map(|before| before.accepted).unwrap_or_default();
        tx.put::<LogReaches>(&(0,), &reach)
            .map_err(io::Error::other)?;
        tx.commit(Vec::new()).await.map_err(io::Error::other)?;
        Ok(Some(reach))
    }
}

fn place(reach: &LogReach) -> (u64, u64) {
    (reach.sequence, reach.records)
}

/// How far the log in `directory` has come, as its head says; nothing before
/// its first record.
///
/// # Errors
/// When the head cannot be read.
pub fn newest(directory: &Path, key: &PublicKey) -> io::Result<Option<LogReach>> {
    let head = archive::head(&Disk::reading(directory))?;
    let head = head.filter(|head| head.is_signed_by(key) && head.records > 0);
    Ok(head.map(|head| LogReach {
        sequence: head.sequence,
        records: head.records,
        chain: head.chain,
        time: head.time,
        accepted: Vec::new(),
    }))
}

/// Has the store go on from `reach` in place of what it noted, which is lost,
/// and keep in mind that it is, and why. `record` says so in the log, to which
/// it is copied as every record of a change is.
///
/// # Errors
/// When the store fails.
pub async fn accept(
    store: &Store,
    reach: LogReach,
    losses: Vec<AcceptedLoss>,
    record: Vec<u8>,
) -> Result<(), StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let before = tx.get::<LogReaches>(&(0,)).await?;
    let mut accepted = before.map(|before| before.accepted).unwrap_or_default();
    accepted.extend(losses);
    tx.put::<LogReaches>(&(0,), &LogReach { accepted, ..reach })?;
    tx.commit(vec![record]).await?;
    Ok(())
}

/// How far the store knows the log to have come.
///
/// # Errors
/// When the store fails.
pub async fn noted(store: &Store) -> Result<Option<LogReach>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    tx.get::<LogReaches>(&(0,)).await
}

/// What to say if the log in `directory` lacks what was noted of it. What
/// retention removed since is not missed.
///
/// # Errors
/// When a file cannot be read.
pub fn missing(directory: &Path, key: &PublicKey, noted: &LogReach) -> io::Result<Option<Fault>> {
    let holds = directory.is_dir() && holds(&Disk::reading(directory), key, noted)?;
    Ok((!holds).then(|| Fault {
        file: format!("{:010}-*.jsonl", noted.sequence),
        record: Some((noted.records, String::new())),
        what: GONE,
    }))
}

fn holds(storage: &Disk, key: &PublicKey, noted: &LogReach) -> io::Result<bool> {
    let head = archive::head(storage)?;
    let Some(head) = head.filter(|head| head.is_signed_by(key)) else {
        return Ok(false);
    };
    if (head.sequence, head.records) < place(noted) {
        return Ok(false);
    }
    if head.first_sequence > noted.sequence {
        return Ok(true);
    }
    let archive = archive::Archive::list(storage)?;
    let Some(stored) = archive.segments.get(&noted.sequence) else {
        return Ok(false);
    };
    let mut lines = archive::lines(storage, *stored)?;
    let replay = archive::Replay::of(lines.as_mut(), [0; 32])?;
    let last = usize::try_from(noted.records.saturating_sub(1)).unwrap_or(usize::MAX);
    let found = replay.marks.get(last).map(|(hash, _)| hex::encode(hash));
    Ok(found.as_deref() == Some(noted.chain.as_str()))
}
