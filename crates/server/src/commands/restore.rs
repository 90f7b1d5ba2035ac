//! `strongroom restore`: a store from a backup.

use std::{os::unix::fs::DirBuilderExt, path::PathBuf};

use clap::Args;
use strongroom_store::{Store, StoreError};

use super::{Failure, output::say, place::Place};
use crate::admin::check_row;

/// Which backup, and where to.
#[derive(Args)]
pub(super) struct Restore {
    #[command(flatten)]
    place: Place,
    /// The backup
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let site = self.place.site()?;
        let store = site.store();
        if store.exists() {
            return Err(format!(
                "there is a store in `{}` already, which a restore does not overwrite; restore \
                 to another directory, or move that store away first",
                site.data_dir.display()
            )
            .into());
        }
        if !self.backup.is_file() {
            return Err(format!("there is no backup `{}`", self.backup.display()).into());
        }
        let root = site.key.read().map_err(|error| {
            format!("{error}; put the root key there that the store had when the backup was made")
        })?;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&site.data_dir)?;
        let restored = Store::restore(&self.backup, &store, &root, check_row).await;
        let report = restored.map_err(|error| match error {
            StoreError::Corrupt { .. } => {
                format!("{error}; nothing was restored, so try an earlier backup").into()
            }
            other => Failure::from(other),
        })?;
        let rows: u64 = report.tables.values().sum();
        say(format_args!(
            "{}: {rows} rows as of commit {}, verified.",
            store.display(),
            report.commits
        ));
        say("The audit log is not part of a backup: put its segments back yourself.");
        Ok(())
    }
}
