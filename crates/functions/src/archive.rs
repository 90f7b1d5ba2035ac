//! Zip archives of functions: unpacked within bounds, and never outside of
//! their directory.
//!
//! Source: PKWARE's APPNOTE.TXT 6.3, as far as such archives go: stored and
//! deflated entries, no encryption, no ZIP64, one disk.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Component, Path, PathBuf},
};

use flate2::{Crc, read::DeflateDecoder};

/// Bytes of an archive's files together.
///
/// Source: Lambda quotas, "Deployment package size", unzipped.
pub const MAX_UNPACKED_BYTES: u64 = 262_144_000;
/// Bytes of an entry's path.
const MAX_PATH_BYTES: usize = 2048;
/// Entries of an archive.
const MAX_ENTRIES: usize = 65_535;
const END_SIGNATURE: u32 = 0x0605_4b50;
const ENTRY_SIGNATURE: u32 = 0x0201_4b50;
const FILE_SIGNATURE: u32 = 0x0403_4b50;
const END_BYTES: usize = 22;

/// Why an archive is none.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is not a zip archive, a broken one, or one whose files cannot all be
    /// where it has them.
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    Malformed,
    /// It has too much in it.
    #[error("Unzipped size must be smaller than {MAX_UNPACKED_BYTES} bytes")]
    TooLarge,
    /// It could not be written.
    #[error("cannot write the function's files")]
    Write(#[from] io::Error),
}

/// An entry of the central directory.
struct Entry<'a> {
    name: PathBuf,
    directory: bool,
    executable: bool,
    method: u16,
    crc: u32,
    unpacked_bytes: u64,
    packed: &'a [u8],
}

/// Whether the bytes are an archive that can be unpacked.
///
/// # Errors
/// [`ArchiveError`].
pub fn check(zip: &[u8]) -> Result<(), ArchiveError> {
    entries(zip).map(drop)
}

/// Unpacks an archive into a directory that is there and empty.
///
/// # Errors
/// [`ArchiveError`]; what was written until then stays.
pub fn unpack(zip: &[u8], into: &Path) -> Result<(), ArchiveError> {
    for entry in entries(zip)? {
        let path = into.join(&entry.name);
        if entry.directory {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mode = if entry.executable { 0o755 } else { 0o644 };
        let mut file = fs::File::options()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)?;
        let contents = entry.contents()?;
        file.write_all(&contents)?;
        // Whatever the process's own mask is: another user is to read them.
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    open_up(into)?;
    Ok(())
}

/// Lets everybody enter a directory and those within it.
pub(crate) fn open_up(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

impl Entry<'_> {
    fn contents(&self) -> Result<Vec<u8>, ArchiveError> {
        let contents = match self.method {
            0 => self.packed.to_vec(),
            8 => {
                let mut contents = Vec::new();
                // One byte more than promised is a lie.
                DeflateDecoder::new(self.packed)
                    .take(self.unpacked_bytes + 1)
                    .read_to_end(&mut contents)
                    .map_err(|_| ArchiveError::Malformed)?;
                contents
            }
            _ => return Err(ArchiveError::Malformed),
        };
        let mut crc = Crc::new();
        crc.update(&contents);
        let bytes = u64::try_from(contents.len()).unwrap_or(u64::MAX);
        if bytes != self.unpacked_bytes || crc.sum() != self.crc {
            return Err(ArchiveError::Malformed);
        }
        Ok(contents)
    }
}

fn entries(zip: &[u8]) -> Result<Vec<Entry<'_>>, ArchiveError> {
    // The end's record is followed by a comment of up to 64 KiB.
    let first = zip.len().saturating_sub(END_BYTES + usize::from(u16::MAX));
    let last = zip
        .len()
        .checked_sub(END_BYTES)
        .ok_or(ArchiveError::Malformed)?;
    let end = (first..=last)
        .rev()
        .find(|at| u32_at(zip, *at) == Some(END_SIGNATURE))
        .ok_or(ArchiveError::Malformed)?;
    let read = || {
        let count = usize::from(u16_at(zip, end + 10)?);
        let offset = usize::try_from(u32_at(zip, end + 16)?).ok()?;
        Some((count, offset))
    };
    let (count, mut at) = read().ok_or(ArchiveError::Malformed)?;
    if count > MAX_ENTRIES {
        return Err(ArchiveError::TooLarge);
    }
    let (mut entries, mut total) = (Vec::new(), 0_u64);
    let mut places = Places::default();
    for _ in 0..count {
        let (entry, next) = entry(zip, at)?;
        total = total.saturating_add(entry.unpacked_bytes);
        places.take(&entry)?;
        if total > MAX_UNPACKED_BYTES {
            return Err(ArchiveError::TooLarge);
        }
        entries.push(entry);
        at = next;
    }
    Ok(entries)
}

fn entry(zip: &[u8], at: usize) -> Result<(Entry<'_>, usize), ArchiveError> {
    let read = || {
        if u32_at(zip, at)? != ENTRY_SIGNATURE || u16_at(zip, at + 8)? & 1 == 1 {
            return None;
        }
        let packed_bytes = usize::try_from(u32_at(zip, at + 20)?).ok()?;
        let name_bytes = usize::from(u16_at(zip, at + 28)?);
        let extra_bytes = usize::from(u16_at(zip, at + 30)?);
        let comment_bytes = usize::from(u16_at(zip, at + 32)?);
        let mode = u32_at(zip, at + 38)? >> 16;
        let file = usize::try_from(u32_at(zip, at + 42)?).ok()?;
        let name = zip.get(at + 46..at + 46 + name_bytes)?;
        let name = std::str::from_utf8(name).ok()?;
        if u32_at(zip, file)? != FILE_SIGNATURE {
            return None;
        }
        let body =
            file + 30 + usize::from(u16_at(zip, file + 26)?) + usize::from(u16_at(zip, file + 28)?);
        let kind = mode & 0o170_000;
        // Files and directories; no links, no devices.
        if !matches!(kind, 0 | 0o100_000 | 0o040_000) {
            return None;
        }
        let entry = Entry {
            name: PathBuf::from(name),
            directory: name.ends_with('/'),
            executable: mode & 0o111 != 0,
            method: u16_at(zip, at + 10)?,
            crc: u32_at(zip, at + 16)?,
            unpacked_bytes: u64::from(u32_at(zip, at + 24)?),
            packed: zip.get(body..body.checked_add(packed_bytes)?)?,
        };
        Some((entry, at + 46 + name_bytes + extra_bytes + comment_bytes))
    };
    let (entry, next) = read().ok_or(ArchiveError::Malformed)?;
    Ok((entry, next))
}

/// What is where, as an archive has it.
#[derive(Default)]
struct Places {
    directories: HashSet<PathBuf>,
    files: HashSet<PathBuf>,
}

impl Places {
    /// Adds an entry, if its path stays in the directory, can be one, and is not
    /// that of another or within a file.
    fn take(&mut self, entry: &Entry<'_>) -> Result<(), ArchiveError> {
        let mut path = PathBuf::new();
        for part in entry.name.components() {
            match part {
                Component::Normal(part) if can_be(part) => path.push(part),
                Component::CurDir => {}
                _ => return Err(ArchiveError::Malformed),
            }
        }
        if entry.name.as_os_str().len() > MAX_PATH_BYTES {
            return Err(ArchiveError::Malformed);
        }
        let is_new = if entry.directory {
            !self.files.contains(&path)
        } else {
            // The directory itself is no file.
            path.file_name().is_some()
                && !self.directories.contains(&path)
                && self.files.insert(path.clone())
        };
        // Of what is known its parents are.
        let mut directory = if entry.directory {
            Some(path.as_path())
        } else {
            path.parent()
        };
        let mut is_free = true;
        while let Some(path) = directory.filter(|path| !self.directories.contains(*path)) {
            is_free &= !self.files.contains(path);
            self.directories.insert(path.to_owned());
            directory = path.parent();
        }
        (is_new && is_free)
            .then_some(())
            .ok_or(ArchiveError::Malformed)
    }
}

/// Whether a file can have this name.
fn can_be(name: &OsStr) -> bool {
    name.len() <= 255 && !name.as_bytes().contains(&0)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of stored entries: name, Unix mode, contents.
    fn archive(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let (mut zip, mut directory) = (Vec::new(), Vec::new());
        for (name, mode, contents) in entries {
            let mut crc = Crc::new();
            crc.update(contents);
            let offset = zip.len() as u32;
            let sizes = [crc.sum(), contents.len() as u32, contents.len() as u32];
            zip.extend(FILE_SIGNATURE.to_le_bytes());
            zip.extend([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            sizes.iter().for_each(|size| zip.extend(size.to_le_bytes()));
            zip.extend((name.len() as u16).to_le_bytes());
            zip.extend([0, 0]);
            zip.extend(name.as_bytes());
            zip.extend(*contents);
            directory.extend(ENTRY_SIGNATURE.to_le_bytes());
            directory.extend([20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            sizes
                .iter()
                .for_each(|size| directory.extend(size.to_le_bytes()));
            directory.extend((name.len() as u16).to_le_bytes());
            directory.extend([0; 8]);
            directory.extend((mode << 16).to_le_bytes());
            directory.extend(offset.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let (count, offset, bytes) = (
            entries.len() as u16,
            zip.len() as u32,
            directory.len() as u32,
        );
        zip.extend(directory);
        zip.extend(END_SIGNATURE.to_le_bytes());
        zip.extend([0; 4]);
        zip.extend(count.to_le_bytes());
        zip.extend(count.to_le_bytes());
        zip.extend(bytes.to_le_bytes());
        zip.extend(offset.to_le_bytes());
        zip.extend([0, 0]);
        zip
    }

    #[test]
    fn files_are_where_the_archive_has_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let zip = archive(&[
            ("pkg/", 0o040_755, b""),
            ("pkg/inner.py", 0o100_644, b"x = 1\n"),
            ("bootstrap", 0o100_755, b"#!/bin/sh\n"),
        ]);
        check(&zip).unwrap();
        unpack(&zip, directory.path()).unwrap();
        let read = |name| fs::read(directory.path().join(name)).unwrap();
        assert_eq!(read("pkg/inner.py"), b"x = 1\n");
        let mode = |name| {
            fs::metadata(directory.path().join(name))
                .unwrap()
                .permissions()
                .mode()
        };
        assert_eq!(
            (mode("bootstrap") & 0o777, mode("pkg/inner.py") & 0o777),
            (0o755, 0o644)
        );
    }

    #[test]
    fn nothing_leaves_its_directory() {
        let long = "x".repeat(256);
        for name in [
            "../out",
            "/etc/passwd",
            "a/../../out",
            "",
            ".",
            "a\0b",
            &long,
        ] {
            let zip = archive(&[(name, 0o100_644, b"x")]);
            assert!(
                matches!(check(&zip), Err(ArchiveError::Malformed)),
                "{name}"
            );
        }
        let link = archive(&[("link", 0o120_777, b"/etc/passwd")]);
        assert!(matches!(check(&link), Err(ArchiveError::Malformed)));
    }

    #[test]
    fn each_file_has_a_place_of_its_own() {
        for (first, second, fits) in [
            ("a", "a/b", false),
            ("a/b", "a", false),
            ("a/b/c", "a/b", false),
            ("a", "a/", false),
            ("a/", "a", false),
            ("a", "a", false),
            ("a", "./a", false),
            ("x", "x/y/z", false),
            ("a/b", "a/", true),
            ("a/", "a/", true),
            ("a/", "a/b", true),
            ("./", "a", true),
            ("a/b", "a/c", true),
            ("a", "ab", true),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let zip = archive(&[(first, 0o644, b""), (second, 0o644, b"")]);
            assert_eq!(check(&zip).is_ok(), fits, "{first} {second}");
            // Whatever is taken can be unpacked.
            assert_eq!(
                unpack(&zip, directory.path()).is_ok(),
                fits,
                "{first} {second}"
            );
        }
    }

    #[test]
    fn what_is_broken_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let mut zip = archive(&[("a", 0o100_644, b"contents")]);
        for cut in 0..zip.len() {
            assert!(check(&zip[..cut]).is_err(), "{cut}");
        }
        let place = zip
            .windows(8)
            .position(|bytes| bytes == b"contents")
            .unwrap();
        zip[place] = b'C';
        assert!(unpack(&zip, directory.path()).is_err());
        assert!(check(b"not an archive at all, and long enough").is_err());
    }
}
