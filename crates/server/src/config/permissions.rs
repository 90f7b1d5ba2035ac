//! Files that hold secrets must not be open to everyone.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::{Check, ConfigError, Key};

/// What others, and groups, must not be able to do with a key file. Reading
/// by the group is left to the operator: it is how mounted secrets arrive.
const FORBIDDEN: u32 = 0o027;

/// Whether others can read or change a key file.
pub fn is_open(metadata: &Metadata) -> bool {
    metadata.mode() & FORBIDDEN != 0
}

/// What is wrong with a key file that others can read or change, and what to
/// do; nothing if they cannot, or if there is none.
pub fn open_key(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let shown = path.display();
    is_open(&metadata)
        .then(|| format!("others can read or change the key in `{shown}`; run `chmod 600 {shown}`"))
}

impl Check<'_> {
    /// Refuses a key file that is missing or open to everyone.
    pub(super) fn private_file(&self, key: Key, path: &Path) -> Result<(), ConfigError> {
        fs::metadata(path).map_err(|error| {
            self.refuse(key, format!("cannot read `{}`: {error}", path.display()))
        })?;
        open_key(path).map_or(Ok(()), |complaint| Err(self.refuse(key, complaint)))
    }
}
