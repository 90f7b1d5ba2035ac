use std::path::Path;

use nix::unistd::{AccessFlags, access};
use serde::{Deserialize, Serialize};
use strongroom_services::context::Services;

use super::said;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupReport {
    /// Rows copied.
    pub rows: u64,
    /// Commits of the store up to the copied state.
    pub commits: u64,
    /// The file's size in bytes.
    pub bytes: u64,
}

/// Copies the store, as it is now, into the new file `target`.
pub(super) async fn backup(services: &Services, target: &Path) -> Result<BackupReport, String> {
    let path = target.display();
    if !target.is_absolute() {
        return Err(format!("the path of the backup, `{path}`, is not absolute"));
    }
    // Told apart by the file system, so that a dangling link is in the way too.
    if std::fs::symlink_metadata(target).is_ok() {
        return Err(format!(
            "`{path}` exists; a backup replaces nothing, so give it a new name"
        ));
    }
    let directory = target.parent().unwrap_or(target);
    if !directory.is_dir() {
        return Err(format!(
            "there is no directory `{}` to put the backup in",
            directory.display()
        ));
    }
    let writable = access(directory, AccessFlags::W_OK | AccessFlags::X_OK);
    writable.map_err(|error| {
        let error = std::io::Error::from(error);
        format!(
            "cannot write into the directory `{}`: {error}; the node writes the backup, so name \
             a directory that its user may write into",
            directory.display()
        )
    })?;
    let report = services.store.backup(target).await.map_err(said)?;
    let bytes = std::fs::metadata(target).map_or(0, |file| file.len());
    Ok(BackupReport {
        rows: report.tables.values().sum(),
        commits: report.commits,
        bytes,
    })
}
