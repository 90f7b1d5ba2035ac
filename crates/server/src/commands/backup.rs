//! `strongroom backup`: the store in a file.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, output::say, place::Place};
use crate::admin::{Report, Request};

/// What to copy, and where.
#[derive(Args)]
pub(super) struct Backup {
    #[command(flatten)]
    place: Place,
    /// The file to write; it must not exist
    #[arg(value_name = "TARGET")]
    target: PathBuf,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let target = std::path::absolute(&self.target)?;
        let request = Request::Backup {
            target: target.clone(),
        };
        if let Report::Backup(made) = self.place.site()?.perform(request).await? {
            say(format_args!(
                "{}: {} rows as of commit {}, {} bytes, sealed.",
                target.display(),
                made.rows,
                made.commits,
                made.bytes
            ));
            say("Not in it: the root key, without which nobody can read it, and the audit log.");
            say("Keep a copy of the key elsewhere, and copy the audit segments as they are.");
        }
        Ok(())
    }
}
