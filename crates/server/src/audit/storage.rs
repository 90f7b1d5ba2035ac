//! The file system as the audit log uses it, and the seam at which tests put
//! one that fails.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::{
        fd::AsFd,
        unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

/// A directory of segments.
pub trait Storage: Send + Sync + 'static {
    /// A file in it.
    type File: SegmentFile;

    /// The names of all files, in any order.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a new, empty file whose name is durable on return.
    ///
    /// # Errors
    ///
    /// When a file of that name exists, or it cannot be made.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens an existing file.
    ///
    /// # Errors
    ///
    /// When there is none or it cannot be opened.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// When there is none or it cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes `bytes` all of a file, new or not, durably: whoever reads it finds
    /// what was there before or what is there then.
    ///
    /// # Errors
    ///
    /// When the file system fails.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
}

/// One segment's file.
pub trait SegmentFile: Send + 'static {
    /// Its length, bytes.
    ///
    /// # Errors
    ///
    /// When the file system fails.
    fn length(&self) -> io::Result<u64>;

    /// Reads into `buffer` from `offset`; 0 at the end of the file.
    ///
    /// # Errors
    ///
    /// When the file system fails.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    ///
    /// When the file system fails; part of the bytes may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    ///
    /// When it is not known to be durable. Trying again proves nothing: the
    /// system may have dropped the pages that it could not write.
    fn sync(&self) -> io::Result<()>;

    /// Sets the length, durably.
    ///
    /// # Errors
    ///
    /// When the file system fails.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Whether the file is still found under its name.
    ///
    /// # Errors
    ///
    /// When the file system fails for another reason than that it is not.
    fn is_in_place(&self) -> io::Result<bool>;
}

/// A real directory, locked against a second writer.
#[derive(Debug)]
pub struct Disk {
    directory: PathBuf,
    /// Absent when the directory is only read.
    lock: Option<File>,
}

/// A real file.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    path: PathBuf,
    identity: Identity,
}

/// What tells a file from every other: device, major and minor, and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u32, u32, u64);

impl Identity {
    /// Of the file at `path`. Nothing else is asked: since Linux 6.13 a file whose
    /// times were asked for gets a new time of change with its next write, and
    /// there are file systems (ext4 without a journal) whose next sync then
    /// writes the inode too and takes half as long again.
    ///
    /// Source: the Linux kernel's documentation, "Multigrain Timestamps".
    fn of(base: impl AsFd, path: &Path, flags: AtFlags) -> io::Result<Self> {
        let found = statx(base, path, flags, StatxFlags::INO)?;
        Ok(Self(
            found.stx_dev_major,
            found.stx_dev_minor,
            found.stx_ino,
        ))
    }
}

impl Disk {
    /// The directory at `path`, made (mode 0700) if missing.
    ///
    /// # Errors
    ///
    /// When another process writes an audit log there, or the file system
    /// fails.
    pub fn open(path: &Path) -> io::Result<Self> {
        let made = DirBuilder::new().mode(0o700).create(path);
        if let Err(error) = made
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join(".lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another process is writing this audit log",
            ),
        })?;
        File::open(path)?.sync_all()?;
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self {
            directory: path.to_owned(),
            lock: Some(lock),
        })
    }

    /// The directory at `path`, only to be read, whoever writes to it.
    #[must_use]
    pub fn reading(path: &Path) -> Self {
        Self {
            directory: path.to_owned(),
            lock: None,
        }
    }

    fn file(&self, name: &str, options: &OpenOptions) -> io::Result<DiskFile> {
        let path = self.directory.join(name);
        let file = options.open(&path)?;
        let identity = Identity::of(&file, Path::new(""), AtFlags::EMPTY_PATH)?;
        Ok(DiskFile {
            file,
            path,
            identity,
        })
    }
}

impl Storage for Disk {
    type File = DiskFile;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in self.directory.read_dir()? {
            // Names that are not UTF-8 are none of ours.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<DiskFile> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let file = self.file(name, &options)?;
        File::open(&self.directory)?.sync_all()?;
        Ok(file)
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        let writes = self.lock.is_some();
        self.file(name, OpenOptions::new().read(true).write(writes))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.directory.join(name))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let draft = self.directory.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&draft)?;
        file.write_all_at(bytes, 0)?;
        file.sync_all()?;
        std::fs::rename(&draft, self.directory.join(name))?;
        File::open(&self.directory)?.sync_all()
    }
}

impl SegmentFile for DiskFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.sync_all()
    }

    fn is_in_place(&self) -> io::Result<bool> {
        match Identity::of(CWD, &self.path, AtFlags::empty()) {
            Ok(found) => Ok(found == self.identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
