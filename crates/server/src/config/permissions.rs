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

impl Check<'_> {
    /// Refuses a key file that is missing or open to everyone.
    pub(super) fn private_file(&self, key: Key, path: &Path) -> Result<(), ConfigError> {
        let metadata = fs::metadata(path).map_err(|error| {
            self.refuse(key, format!("cannot read `{}`: {error}", path.display()))
        })?;
        if is_open(&metadata) {
            let path = path.display();
            return Err(self.refuse(
                key,
                format!("others can read or change the key in `{path}`; run `chmod 600 {path}`"),
            ));
        }
        Ok(())
    }
}
