use serde::{Deserialize, Serialize};
use strongroom_services::{
    context::Services,
    jobs::{Job, Kind},
    secretsmanager::rotation,
    tables::{FunctionJobs, Jobs, RotationJobs, Secrets},
};
use strongroom_store::{Mode, Table, Transaction};
use strongroom_types::{AccountId, Timestamp};

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
    /// Why it failed the last time, in words that hold no secret.
    #[serde(default)]
    pub failure: Option<String>,
}

/// The pending jobs.
pub(super) async fn jobs(services: &Services) -> Result<JobsReport, String> {
    let mut tx = services.store.begin(Mode::Read).await.map_err(said)?;
    let mut report = JobsReport::default();
    collect::<Jobs>(&mut tx, &mut report).await?;
    collect::<RotationJobs>(&mut tx, &mut report).await?;
    collect::<FunctionJobs>(&mut tx, &mut report).await?;
    report.jobs.sort_by(|one, other| one.due.cmp(&other.due));
    report.more |= report.jobs.len() > MOST;
    report.jobs.truncate(MOST);
    Ok(report)
}

/// Adds the first jobs of a table.
async fn collect<T: Table<Key = (u64, String), Record = Job>>(
    tx: &mut Transaction,
    report: &mut JobsReport,
) -> Result<(), String> {
    let (mut after, mut found) = (None, 0);
    loop {
        let page = tx.range::<T>((), after.as_ref(), PAGE).await;
        let page = page.map_err(said)?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        for ((due_ms, _), job) in page {
            if found == MOST {
                report.more = true;
                return Ok(());
            }
            found += 1;
            let failure = failure(tx, &job).await?;
            report.jobs.push(PendingJob {
                failure,
                ..pending(due_ms, job)
            });
        }
    }
}

/// Why a rotation failed the last time.
async fn failure(tx: &mut Transaction, job: &Job) -> Result<Option<String>, String> {
    if job.kind != i32::from(Kind::RotateSecret) {
        return Ok(None);
    }
    let (Some(account), Ok(region)) = (AccountId::new(job.account), job.region.parse()) else {
        return Ok(None);
    };
    let key = (account, region, job.resource.clone());
    let secret = tx.get::<Secrets>(&key).await.map_err(said)?;
    Ok(secret.and_then(|secret| rotation::failure(&secret).map(str::to_owned)))
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
        failure: None,
    }
}
