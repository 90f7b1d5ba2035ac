//! `strongroom jobs`: what waits to be done in the background.

use clap::Args;

use super::{
    Failure,
    output::{say, table},
    place::Place,
};
use crate::admin::{PendingJob, Report, Request};

/// Whose jobs.
#[derive(Args)]
pub(super) struct Jobs {
    #[command(flatten)]
    place: Place,
}

impl Jobs {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if let Report::Jobs(found) = self.place.site()?.perform(Request::Jobs).await? {
            let heads = [
                "DUE",
                "KIND",
                "ACCOUNT",
                "REGION",
                "RESOURCE",
                "CLAIMS",
                "FAILED BECAUSE",
            ];
            let rows: Vec<_> = found.jobs.into_iter().map(cells).collect();
            if rows.is_empty() {
                say("Nothing waits.");
            } else {
                say(table(heads, &rows));
            }
            if found.more {
                say("There are more.");
            }
        }
        Ok(())
    }
}

fn cells(job: PendingJob) -> [String; 7] {
    [
        job.due,
        job.kind,
        job.account,
        job.region,
        job.resource,
        job.claims.to_string(),
        job.failure.unwrap_or_default(),
    ]
}
