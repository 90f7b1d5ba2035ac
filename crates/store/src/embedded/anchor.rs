use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use strongroom_crypto::{HmacSha256Key, constant_time_eq};

use crate::{Seal, StoreError};

/// The number of commits, and its MAC.
const ANCHOR_BYTES: usize = 8 + 32;

/// Added to the name of the store's file.
const EXTENSION: &str = "anchor";

/// A note beside the store's file of how many commits there were.
///
/// The file's header has a slot for the newest commit and one for the commit
/// before, and one bit tells which is which. If that bit flips, or if an old
/// copy of the file is put in its place, the store is sound and stale. The
/// note tells. It is written after each group of commits and never synced, so
/// it costs nothing and may itself be old after a power cut; it is never ahead
/// of a store that lost nothing.
///
/// Whoever can write to the directory can put both back, or delete the note.
pub(super) struct Anchor {
    file: File,
    key: HmacSha256Key,
}

impl Anchor {
    /// The anchor of the store at `path`, and what it noted last; 0 if there
    /// was none, or none of this store.
    pub(super) fn open(path: &Path, seal: &Seal) -> Result<(Self, u64), StoreError> {
        let path = path.with_added_extension(EXTENSION);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .map_err(|error| StoreError::unavailable("open the anchor", error))?;
        let anchor = Self {
            file,
            key: HmacSha256Key::new(seal.derive("strongroom anchor").as_slice()),
        };
        let noted = anchor
            .read()
            .map_err(|error| StoreError::unavailable("read the anchor", error))?;
        Ok((anchor, noted))
    }

    fn read(&self) -> io::Result<u64> {
        let mut bytes = Vec::with_capacity(ANCHOR_BYTES);
        (&self.file)
            .take(ANCHOR_BYTES as u64)
            .read_to_end(&mut bytes)?;
        let noted = bytes.split_first_chunk().and_then(|(commits, mac)| {
            let own = constant_time_eq(&self.key.sign(&[commits]), mac);
            own.then(|| u64::from_be_bytes(*commits))
        });
        if noted.is_none() && !bytes.is_empty() {
            tracing::warn!("the anchor is damaged or of another store; a new one is begun");
        }
        Ok(noted.unwrap_or_default())
    }

    /// Notes that there were `commits`, all durable.
    pub(super) fn note(&self, commits: u64) {
        let number = commits.to_be_bytes();
        let mut bytes = number.to_vec();
        bytes.extend_from_slice(&self.key.sign(&[&number]));
        let mut file = &self.file;
        let noted = file.rewind().and_then(|()| file.write_all(&bytes));
        if let Err(error) = noted {
            tracing::warn!(%error, "cannot write the anchor");
        }
    }
}

/// The anchor of the store at `path`, if there is one.
pub(super) fn left_behind(path: &Path) -> Option<PathBuf> {
    Some(path.with_added_extension(EXTENSION)).filter(|anchor| anchor.exists())
}

/// Removes the anchor of the store at `path`, if there is one.
pub(crate) fn remove_anchor(path: &Path) -> io::Result<()> {
    match fs::remove_file(path.with_added_extension(EXTENSION)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
