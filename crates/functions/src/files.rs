use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{HostError, archive};

/// Archives that stay unpacked though nobody uses them.
const KEPT: usize = 16;

/// Archives that are unpacked.
pub(crate) struct Unpacked {
    root: PathBuf,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    /// Counts uses, to tell which was first.
    uses: u64,
    places: HashMap<String, Place>,
}

struct Place {
    users: usize,
    last_use: u64,
}

/// The files of an archive, which are there until this is dropped.
pub struct Files {
    unpacked: Arc<Unpacked>,
    name: String,
    pub(crate) path: PathBuf,
}

impl Unpacked {
    /// Archives under a directory, which is emptied: what an earlier process
    /// left there may be of functions that are gone, or half unpacked.
    pub(crate) fn new(root: &Path) -> io::Result<Arc<Self>> {
        match fs::remove_dir_all(root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(root)?,
        }
        Ok(Arc::new(Self {
            root: root.canonicalize()?,
            used: Mutex::default(),
        }))
    }

    /// The files of an archive, if it is unpacked.
    pub(crate) fn files(self: &Arc<Self>, name: &str) -> Option<Files> {
        let mut used = self.lock();
        used.uses += 1;
        let now = used.uses;
        let place = used.places.get_mut(name)?;
        place.users += 1;
        place.last_use = now;
        Some(Files {
            unpacked: Arc::clone(self),
            name: name.to_owned(),
            path: self.root.join(name),
        })
    }

    /// Unpacks an archive, if it is not.
    pub(crate) fn unpack(self: &Arc<Self>, name: &str, zip: &[u8]) -> Result<Files, HostError> {
        // Whole or not at all, however many unpack it at once.
        let half = half(&self.root, name)?;
        let unpacked = archive::unpack(zip, &half);
        let is_kept = unpacked.is_ok() && self.keep(name, &half)?;
        if !is_kept {
            let _ = fs::remove_dir_all(&half);
        }
        unpacked?;
        let gone = || HostError::Io(io::Error::other("its files are gone"));
        self.files(name).ok_or_else(gone)
    }

    /// Gives files their place, unless others came first.
    fn keep(&self, name: &str, half: &Path) -> io::Result<bool> {
        let mut used = self.lock();
        if used.places.contains_key(name) {
            return Ok(false);
        }
        fs::rename(half, self.root.join(name))?;
        let unused = Place {
            users: 0,
            last_use: 0,
        };
        used.places.insert(name.to_owned(), unused);
        Ok(true)
    }

    /// Moves the files that were not used for the longest time out of the way,
    /// if there are too many.
    fn put_aside(&self, used: &mut Used) -> Option<PathBuf> {
        if used.places.len() <= KEPT {
            return None;
        }
        let unused = used.places.iter().filter(|(_, place)| place.users == 0);
        let (first, _) = unused.min_by_key(|(_, place)| place.last_use)?;
        let first = first.clone();
        used.places.remove(&first);
        used.uses += 1;
        let aside = self.root.join(format!("{first}.old{}", used.uses));
        fs::rename(self.root.join(&first), &aside).ok()?;
        Some(aside)
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new directory for what is not yet whole.
fn half(root: &Path, name: &str) -> io::Result<PathBuf> {
    let mut number = 0;
    loop {
        let half = root.join(format!("{name}.{number}"));
        match fs::create_dir(&half) {
            Ok(()) => return Ok(half),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let mut used = self.unpacked.lock();
        if let Some(place) = used.places.get_mut(&self.name) {
            place.users -= 1;
        }
        while let Some(aside) = self.unpacked.put_aside(&mut used) {
            remove(aside);
        }
    }
}

/// Removes a directory with all that is in it: on a thread that may wait for the
/// disk, where tasks must not.
fn remove(directory: PathBuf) {
    let removal = move || {
        let _ = fs::remove_dir_all(directory);
    };
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(removal)),
        Err(_) => removal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of nothing.
    const EMPTY: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    #[test]
    fn what_is_not_used_any_more_does_not_stay() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("code");
        fs::create_dir_all(root.join("left-behind")).unwrap();
        let unpacked = Unpacked::new(&root).unwrap();
        let there = || fs::read_dir(&root).unwrap().count();
        assert_eq!(there(), 0);
        let used = unpacked.unpack("used", EMPTY).unwrap();
        for number in 0..40 {
            let name = number.to_string();
            assert!(unpacked.files(&name).is_none());
            drop(unpacked.unpack(&name, EMPTY).unwrap());
        }
        assert_eq!(there(), KEPT);
        assert!(used.path.is_dir());
        assert!(unpacked.files("39").is_some() && unpacked.files("3").is_none());
        // Unpacked once more while it is used, it is the same.
        let again = unpacked.unpack("used", EMPTY).unwrap();
        assert_eq!(again.path, used.path);
        assert!(unpacked.unpack("broken", b"no archive").is_err());
        assert_eq!(there(), KEPT);
    }
}
