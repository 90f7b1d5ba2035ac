use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A file in the making, for its owner alone. It takes its name when it is
/// whole and durable, or never.
///
/// Of several that make the same file at once, one does: the others are told
/// [`io::ErrorKind::WouldBlock`], or that it exists already.
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    pub(crate) fn begin(target: &Path) -> io::Result<Self> {
        let path = target.with_added_extension("new");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
        })?;
        let draft = Self {
            file,
            path,
            target: target.to_owned(),
        };
        // Only now, and before the file is emptied: whoever had the lock may
        // just have given this very file its name.
        if target.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        draft.file.set_len(0)?;
        Ok(draft)
    }

    /// Where to write.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Makes it durable and gives it its name.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        sync_directory_of(&self.target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone if it was finished. Otherwise the next draft empties it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the names in the directory of `path` durable.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn one_of_several_makes_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("file");
        let kind = |draft: io::Result<Draft>| draft.map(drop).unwrap_err().kind();
        drop(Draft::begin(&target).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

        let draft = Draft::begin(&target).unwrap();
        assert_eq!(kind(Draft::begin(&target)), io::ErrorKind::WouldBlock);
        draft.file().write_all(b"whole").unwrap();
        draft.finish().unwrap();
        assert_eq!(kind(Draft::begin(&target)), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
