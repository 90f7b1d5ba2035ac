use serde::{Deserialize, Serialize};
use strongroom_services::{
    context::Services,
    jobs::{Job, Kind},
    tables::Jobs,
};
use strongroom_store::Mode;
use strongroom_types::Timestamp;

use super::said;

/// Jobs in one answer.
const MOST: usize = 1000;
/// Jobs read at a time.
const PAGE: usize = 100;

/// What waits to be done in the background.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct JobsReport {
    /// The first thousand, in the order in which they fall due.
    pub jobs: Vec<PendingJob>,
    /// Whether there are more.
    pub more: bool,
}

/// A job that waits.
#[derive(Debug, Serialize, Deserialize)]
pub struct PendingJob {
    /// What it does, as `DeleteSecret`.
    pub kind: String,
    /// The account of its resource, twelve digits.
    pub account: String,
    /// The Region of its resource.
    pub region: String,
    /// The resource, as the kind of job names it.
    pub resource: String,
    /// When it is done, RFC 3339, UTC; when it is tried again, if it was
    /// claimed before.
    pub due: String,
    /// How often somebody set out to do it.
    pub claims: u64,
}

/// The pending jobs.
pub(super) async fn jobs(services: &Services) -> Result<JobsReport, String> {
    let mut tx = services.store.begin(Mode::Read).await.map_err(said)?;
    let mut report = JobsReport::default();
    let mut after = None;
    loop {
        let page = tx.range::<Jobs>((), after.as_ref(), PAGE).await;
        let page = page.map_err(said)?;
        let Some((last, _)) = page.last() else {
            return Ok(report);
        };
        after = Some(last.clone());
        for ((due_ms, _), job) in page {
            if report.jobs.len() == MOST {
                report.more = true;
                return Ok(report);
            }
            report.jobs.push(pending(due_ms, job));
        }
    }
}

fn pending(due_ms: u64, job: Job) -> PendingJob {
    let due = i64::try_from(due_ms).ok();
    let due = due.and_then(|due| Timestamp::from_millisecond(due).ok());
    PendingJob {
        kind: match Kind::try_from(job.kind) {
            Ok(Kind::Unknown) | Err(_) => format!("number {}", job.kind),
            Ok(kind) => format!("{kind:?}"),
        },
        account: format!("{:012}", job.account),
        region: job.region,
        resource: job.resource,
        due: due.unwrap_or(Timestamp::MAX).to_string(),
        claims: job.claims,
    }
}
