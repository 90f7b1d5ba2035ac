//! The store in one file, with redb.
//!
//! Transactions are optimistic: they run against a snapshot and gather their
//! changes; committing hands them to the one writer thread (`writer.rs`),
//! which takes all that wait, lets the ledger decide, and makes them durable
//! together. Reads are inline: two microseconds are less than a thread switch.
//!
//! redb refuses all work after the system once failed it. The writer then
//! opens the file anew (`file.rs`), so that a full disk is an episode and not
//! the end.

use std::{
    future::ready,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use redb::{Database, ReadOnlyTable, ReadableDatabase, StorageBackend, StorageError};

use crate::{
    Mode, RootKey, Seal, StoreError,
    backend::{Answer, Backend, BackendTransaction, Batch, RawRow, Span},
    ledger::Intent,
    table::RawKey,
};

mod anchor;
mod file;
mod rows;
mod writer;

pub(crate) use anchor::remove_anchor;
pub(crate) use file::{backend, begin_draft, write_file};

use anchor::Anchor;
use file::{Check, Disk, Lock};
use rows::ROWS;
use writer::Writer;

/// The backend that keeps all rows in one redb file.
pub(crate) struct Embedded {
    engine: Arc<Engine>,
    writer: Writer,
    thread: Option<JoinHandle<()>>,
    lock: Option<Lock>,
}

/// A store opened, and what came to light.
pub(crate) struct Opened {
    pub(crate) embedded: Embedded,
    pub(crate) seal: Arc<Seal>,
    /// Whether the checksums of all pages are right.
    pub(crate) sound: bool,
    /// How many commits it should have more.
    pub(crate) missing: u64,
}

/// What readers and the writer share.
struct Engine {
    disk: Disk,
    /// Whether pages are known to be damaged. Then nothing is written.
    damaged: bool,
    /// `None` while the file is closed or could not be opened anew.
    database: RwLock<Option<Database>>,
    /// The newest group of commits that every snapshot begun from now on has.
    published: AtomicU64,
}

struct Snapshot {
    writer: Writer,
    mode: Mode,
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    intent: Intent,
}

impl Embedded {
    /// Opens the store at `path`, or makes it.
    pub(crate) fn open(path: &Path, root: &RootKey) -> Result<Opened, StoreError> {
        let (disk, lock) = file::open(path, root)?;
        let disk = Disk::new(disk);
        let database = contained(&[], || disk.open_database(Check::All))?;
        Self::start(disk, database, root, Some((path, lock)), true)
    }

    /// Opens the store at `path` though its pages may be damaged. To read
    /// what can be read, and nothing else.
    pub(crate) fn open_damaged(path: &Path, root: &RootKey) -> Result<Opened, StoreError> {
        let (disk, lock) = file::open(path, root)?;
        let disk = Disk::new(disk);
        let (database, sound) = match contained(&[], || disk.open_database(Check::All)) {
            Err(StoreError::Corrupt { .. }) => {
                let open = || disk.open_database(Check::None);
                (contained(&[], open)?, false)
            }
            opened => (opened?, true),
        };
        Self::start(disk, database, root, Some((path, lock)), sound)
    }

    /// Opens the store that `disk` holds, or makes it there.
    pub(crate) fn open_on(
        disk: Arc<dyn StorageBackend>,
        root: &RootKey,
    ) -> Result<Opened, StoreError> {
        let disk = Disk::new(disk);
        let database = contained(&[], || {
            let database = disk.open_database(Check::All)?;
            if rows::is_empty(&database)? {
                rows::found(&database, root)?;
            }
            Ok(database)
        })?;
        Self::start(disk, database, root, None, true)
    }

    fn start(
        disk: Disk,
        database: Database,
        root: &RootKey,
        place: Option<(&Path, Lock)>,
        sound: bool,
    ) -> Result<Opened, StoreError> {
        let (seal, ledger) = match contained(&[], || rows::load(&database, root)) {
            Err(error) if !sound => {
                // As when such a store is closed, see `writer.rs`.
                std::mem::forget(database);
                return Err(error);
            }
            loaded => loaded?,
        };
        let (anchor, noted, lock) = match place {
            Some((path, lock)) => {
                let (anchor, noted) = Anchor::open(path, &seal)?;
                (Some(anchor), noted, Some(lock))
            }
            None => (None, 0, None),
        };
        let missing = noted.saturating_sub(ledger.commits());
        let engine = Arc::new(Engine {
            disk,
            damaged: !sound,
            database: RwLock::new(Some(database)),
            published: AtomicU64::new(ledger.sequence()),
        });
        let (writer, thread) = Writer::start(Arc::clone(&engine), ledger, anchor)?;
        let embedded = Self {
            engine,
            writer,
            thread: Some(thread),
            lock,
        };
        Ok(Opened {
            embedded,
            seal,
            sound,
            missing,
        })
    }

    fn snapshot(&self, mode: Mode) -> Result<Snapshot, StoreError> {
        // INVARIANT: read before the snapshot is taken, so that the snapshot
        // has this group and perhaps newer ones, never fewer.
        let published = self.engine.published.load(Ordering::Acquire);
        let rows = self.engine.read()?;
        Ok(Snapshot {
            writer: self.writer.clone(),
            mode,
            rows,
            intent: Intent {
                snapshot: published,
                ..Intent::default()
            },
        })
    }
}

impl Engine {
    fn database(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>, StoreError> {
        let database = self.database();
        let Some(database) = database.as_ref() else {
            return Err(down());
        };
        contained(&[], || {
            let transaction = database
                .begin_read()
                .map_err(|error| failed(&[], error.into()))?;
            transaction
                .open_table(ROWS)
                .map_err(|error| failed(&[], error.into()))
        })
    }
}

impl Backend for Embedded {
    fn begin(&self, mode: Mode) -> Answer<'_, Box<dyn BackendTransaction>> {
        let begun = self.writer.judge(self.snapshot(mode));
        let begun = begun.map(|snapshot| Box::new(snapshot) as Box<dyn BackendTransaction>);
        Box::pin(ready(begun))
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async {
            self.writer.close().await;
            if let Some(lock) = &self.lock {
                lock.release();
            }
            Ok(())
        })
    }
}

/// Waits for what was begun, so that the file can be opened again at once.
impl Drop for Embedded {
    fn drop(&mut self) {
        self.writer.shut();
        // An observer that held the last handle drops it on the writer thread.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread of the store panicked");
        }
    }
}

impl BackendTransaction for Snapshot {
    fn get(&mut self, keys: Vec<RawKey>) -> Answer<'_, Vec<Option<Vec<u8>>>> {
        let values = keys.iter().map(|key| rows::get(&self.rows, key)).collect();
        let values = self.writer.judge(values);
        if self.mode == Mode::Write {
            self.intent.read_keys.extend(keys);
        }
        Box::pin(ready(values))
    }

    fn range(&mut self, span: Span, limit: usize) -> Answer<'_, Vec<RawRow>> {
        let rows = self.writer.judge(rows::range(&self.rows, &span, limit));
        if let (Mode::Write, Ok(rows)) = (self.mode, &rows) {
            self.intent.read_spans.push(span.as_read(rows, limit));
        }
        Box::pin(ready(rows))
    }

    fn commit(self: Box<Self>, batch: Batch) -> Answer<'static, u64> {
        let Self {
            writer,
            rows,
            mut intent,
            ..
        } = *self;
        // The writer may then use the pages that only this snapshot held.
        drop(rows);
        intent.batch = batch;
        Box::pin(async move { writer.commit(intent).await })
    }
}

/// Runs what reads the file. redb panics on some damaged pages; that is an
/// answer about the row that was looked for, and not the end of the process.
fn contained<T>(
    raw_key: &[u8],
    read: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(StoreError::corrupt(raw_key, DAMAGED)))
}

const DAMAGED: &str = "the file is damaged where it should be";

fn down() -> StoreError {
    StoreError::unavailable(
        "use the store's file",
        "it could not be opened again after an earlier failure",
    )
}

/// redb's error, told as ours.
fn failed(raw_key: &[u8], error: redb::Error) -> StoreError {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    match error {
        redb::Error::Corrupted(_) | redb::Error::TableDoesNotExist(_) => {
            StoreError::corrupt(raw_key, DAMAGED)
        }
        redb::Error::Io(error) if matches!(error.kind(), InvalidData | UnexpectedEof) => {
            StoreError::corrupt(raw_key, DAMAGED)
        }
        redb::Error::DatabaseClosed => StoreError::unavailable(
            "read the store's file",
            "it was opened anew after a failure; try again",
        ),
        error => StoreError::unavailable("use the store's file", error),
    }
}

/// The same for the errors of reads and writes of rows.
fn storage_failed(raw_key: &[u8], error: StorageError) -> StoreError {
    failed(raw_key, error.into())
}
