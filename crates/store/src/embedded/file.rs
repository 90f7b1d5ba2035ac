use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    sync::Arc,
};

use redb::{Builder, Database, StorageBackend, backends::FileBackend};

use super::{
    anchor::left_behind,
    contained, failed,
    rows::{ROWS, begin_write, found},
    storage_failed,
};
use crate::{RootKey, StoreError, backend::RawRow, draft::Draft};

/// Memory for pages of the file, used as far as there are any: about 2 MiB for
/// 1,000 secrets. A page that is not there costs a system call and a checksum,
/// several times what the rest of a read does.
const CACHE_BYTES: usize = 256 * 1024 * 1024;

/// The bytes that redb works on, which can be opened anew after a failure.
///
/// When a sync fails, the system may drop what it could not write and call the
/// next sync a success (Rebello et al., "Can Applications Recover from fsync
/// Failures?", 2020). That is survived without writing anything again: with
/// quick repair redb syncs all pages of a commit before the header that names
/// them, and writes the header as a whole. What a failed sync lost is either
/// not named by any header, or the header itself, which the next commit
/// writes. `tests/it/faults.rs` has a disk that loses writes so.
#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<dyn StorageBackend>);

impl Disk {
    pub(super) fn new(bytes: Arc<dyn StorageBackend>) -> Self {
        Self(bytes)
    }

    /// Opens redb on the bytes. The database opened before must be gone.
    pub(super) fn open_database(&self, check: Check) -> Result<Database, StoreError> {
        Builder::new()
            .set_cache_size(CACHE_BYTES)
            .set_check_integrity_on_open(check == Check::All)
            .create_with_backend(self.clone())
            .map_err(|error| failed(&[], error.into()))
    }
}

/// Neither locked nor closed by redb: the bytes outlive each database that is
/// opened on them, and the store's own lock lives as long.
impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    /// Past the end there are zeros, which are no page: that is an answer about
    /// one row, where an error would have redb refuse all others too.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self.0.read(offset, out) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                out.fill(0);
                Ok(())
            }
            read => read,
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

/// How much of the file is looked at before it is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The checksums of all pages. A damaged page would otherwise make rows
    /// seem absent; measured at 70 ms for 400,000 rows.
    All,
    /// Nothing. Needs no space on the disk, so it works on a full one.
    None,
}

/// The right to be the only one with the store's file open.
pub(crate) struct Lock(File);

impl Lock {
    fn take(file: &File, path: &Path) -> Result<Self, StoreError> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::unavailable("lock the store's file", error));
            }
        }
        file.try_clone()
            .map(Self)
            .map_err(|error| StoreError::unavailable("lock the store's file", error))
    }

    /// Lets others open the file. The handles on it may live on in snapshots.
    pub(crate) fn release(&self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "cannot unlock the store's file");
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}

/// Opens the file of the store at `path`. If there is none and never was, a
/// whole new store is made first, so that a crash cannot leave half of one.
pub(super) fn open(
    path: &Path,
    root: &RootKey,
) -> Result<(Arc<dyn StorageBackend>, Lock), StoreError> {
    let open = || OpenOptions::new().read(true).write(true).open(path);
    let file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // An empty store in place of one that was lost would look like all
            // being well.
            if let Some(anchor) = left_behind(path) {
                let path = path.to_owned();
                return Err(StoreError::Lost { path, anchor });
            }
            match make(path, |database| found(database, root)) {
                // Another process was first, and will have it open.
                Ok(()) | Err(StoreError::Exists { .. }) => open(),
                Err(error) => return Err(error),
            }
        }
        opened => opened,
    }
    .map_err(|error| StoreError::unavailable("open the store's file", error))?;
    let lock = Lock::take(&file, path)?;
    Ok((backend(&file)?, lock))
}

/// redb's view of a file.
pub(crate) fn backend(file: &File) -> Result<Arc<dyn StorageBackend>, StoreError> {
    let file = file.try_clone().map_err(making)?;
    let backend = FileBackend::new(file).map_err(|error| failed(&[], error.into()))?;
    Ok(Arc::new(backend))
}

/// Writes a store's file with the rows that `next` gives, in ascending order,
/// until it gives none. The file appears whole or not at all.
pub(crate) fn write_file(
    path: &Path,
    mut next: impl FnMut() -> Result<Vec<RawRow>, StoreError>,
) -> Result<(), StoreError> {
    make(path, |database| {
        let transaction = begin_write(database)?;
        {
            let mut table = transaction
                .open_table(ROWS)
                .map_err(|error| failed(&[], error.into()))?;
            loop {
                let rows = next()?;
                if rows.is_empty() {
                    break;
                }
                for (key, value) in rows {
                    table
                        .insert(key.as_slice(), value.as_slice())
                        .map_err(|error| storage_failed(&key, error))?;
                }
            }
        }
        transaction
            .commit()
            .map_err(|error| failed(&[], error.into()))
    })
}

/// A draft of the store's file at `path`.
pub(crate) fn begin_draft(path: &Path) -> Result<Draft, StoreError> {
    let path = path.to_owned();
    Draft::begin(&path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Exists { path },
        io::ErrorKind::WouldBlock => StoreError::InUse { path },
        _ => making(error),
    })
}

/// Makes a new file with what `fill` puts into a new database.
fn make(
    path: &Path,
    fill: impl FnOnce(&Database) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let draft = begin_draft(path)?;
    contained(&[], || {
        let disk = Disk::new(backend(draft.file())?);
        let database = disk.open_database(Check::None)?;
        fill(&database)?;
        database.close().map_err(|error| failed(&[], error.into()))
    })?;
    draft.finish().map_err(making)
}

fn making(error: io::Error) -> StoreError {
    StoreError::unavailable("make the store's file", error)
}
