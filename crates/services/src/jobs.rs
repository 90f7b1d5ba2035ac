//! Work in the background: rows with a due time, claimed under a lease.
//!
//! A job is written in the transaction that causes it. Whoever claims it moves
//! its row to the end of the lease with the next fencing number, so a claimed
//! job is simply one that is due later; if its worker dies, the row falls due
//! again. The worker's own transaction removes the row it claimed: if that row
//! is gone, somebody else claimed it since, and the work is dropped. So any
//! number of nodes may work, and each job is done once.

use strongroom_store::{Mode, StoreError, Table};
use strongroom_types::{AccountId, Partition, Region};

use crate::{
    config_rules,
    context::{Home, Services},
    kms, secretsmanager,
    tables::Jobs,
};

/// How long a worker may take before its job is given to another, in
/// milliseconds.
const LEASE_MS: u64 = 60_000;
/// Jobs looked at in one round.
const ROUND: usize = 64;
/// The longest pause between two attempts, in milliseconds.
const MAX_PAUSE_MS: u64 = 60 * 60 * 1000;

/// A job's row. Key: due time in milliseconds since the epoch, id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Job {
    /// What to do, a [`Kind`].
    #[prost(enumeration = "Kind", tag = "1")]
    pub kind: i32,
    /// The account of the resource.
    #[prost(uint64, tag = "2")]
    pub account: u64,
    /// The Region of the resource.
    #[prost(string, tag = "3")]
    pub region: String,
    /// The resource, as the kind of job names it.
    #[prost(string, tag = "4")]
    pub resource: String,
    /// Distinguishes resources that had the same name.
    #[prost(string, tag = "5")]
    pub incarnation: String,
    /// How often the job was claimed: the fencing number.
    #[prost(uint64, tag = "6")]
    pub claims: u64,
}

/// What jobs do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Kind {
    /// A row of a later release: left alone.
    Unknown = 0,
    /// Removes a secret whose recovery window has ended.
    DeleteSecret = 1,
    /// Rotates a secret. In a table of its own.
    RotateSecret = 2,
    /// Destroys a KMS key whose window has ended.
    DeleteKmsKey = 10,
    /// Gives a KMS key new material.
    RotateKmsKey = 11,
    /// Removes imported material of a KMS key that has expired.
    ExpireKmsMaterial = 12,
    /// Judges secrets by the rules that watch over them.
    EvaluateRules = 20,
    /// Calls a function for an event. In a table of its own.
    InvokeFunction = 30,
}

/// What a worker claimed: the key its row has now, and the row.
pub struct Claimed {
    /// The key to delete when the work is done.
    pub key: (u64, String),
    /// The row.
    pub job: Job,
}

impl Job {
    /// The job of removing a secret.
    #[must_use]
    pub fn delete_secret(home: &Home, name: &str, suffix: &str) -> Self {
        Self {
            kind: Kind::DeleteSecret.into(),
            account: home.account.number(),
            region: home.region.to_string(),
            resource: name.to_owned(),
            incarnation: suffix.to_owned(),
            claims: 0,
        }
    }

    /// A job about a KMS key.
    #[must_use]
    pub fn of_key(kind: Kind, home: &Home, key_id: &str) -> Self {
        Self {
            kind: kind.into(),
            account: home.account.number(),
            region: home.region.to_string(),
            resource: key_id.to_owned(),
            incarnation: String::new(),
            claims: 0,
        }
    }

    /// The job of judging secrets by rules: those that come after one, else all.
    #[must_use]
    pub fn evaluate_rules(after: Option<&(AccountId, Region, String)>) -> Self {
        let mut job = Self {
            kind: Kind::EvaluateRules.into(),
            ..Self::default()
        };
        if let Some((account, region, name)) = after {
            job.account = account.number();
            job.region = region.to_string();
            job.resource.clone_from(name);
        }
        job
    }

    /// The secret after which [`Job::evaluate_rules`] goes on.
    #[must_use]
    pub fn place_of_sweep(&self) -> Option<(AccountId, Region, String)> {
        let region = self.region.parse().ok()?;
        Some((AccountId::new(self.account)?, region, self.resource.clone()))
    }

    /// Where the job's resource lives; nothing for a row of another release.
    #[must_use]
    pub fn home(&self, partition: Partition) -> Option<Home> {
        Some(Home {
            partition,
            account: AccountId::new(self.account)?,
            region: self.region.parse().ok()?,
        })
    }

    /// The job of rotating a secret, of the generation that its row counts.
    #[must_use]
    pub fn rotate_secret(home: &Home, name: &str, suffix: &str, generation: u64) -> Self {
        Self {
            kind: Kind::RotateSecret.into(),
            incarnation: format!("{suffix}/{generation}"),
            ..Self::delete_secret(home, name, suffix)
        }
    }

    /// The job of calling a function for one of its events.
    #[must_use]
    pub fn invoke_function(home: &Home, name: &str, event: &str) -> Self {
        Self {
            kind: Kind::InvokeFunction.into(),
            ..Self::delete_secret(home, name, event)
        }
    }

    /// The job's key, due at a time in milliseconds since the epoch. One
    /// resource has at most one job of a kind at a time.
    #[must_use]
    pub fn key(&self, due_ms: i64) -> (u64, String) {
        let Self {
            kind,
            account,
            region,
            resource,
            incarnation,
            ..
        } = self;
        let id = format!("{kind}/{account:012}/{region}/{resource}/{incarnation}");
        (u64::try_from(due_ms).unwrap_or(0), id)
    }
}

/// Does everything that is due, and returns how many jobs were done.
///
/// # Errors
/// When the store fails; jobs not done stay due.
pub async fn run_due(services: &Services) -> Result<usize, StoreError> {
    let mut done = 0;
    loop {
        let now = services.clock.now();
        let claimed = match claim::<Jobs>(services, ROUND, pause).await {
            Err(StoreError::Conflict) => continue,
            other => other?,
        };
        if claimed.is_empty() {
            return Ok(done);
        }
        for job in claimed {
            let kind = Kind::try_from(job.job.kind).unwrap_or(Kind::Unknown);
            let outcome = match kind {
                Kind::DeleteSecret => secretsmanager::remove_secret(services, &job, now).await,
                Kind::DeleteKmsKey => kms::delete_key(services, &job, now).await,
                Kind::RotateKmsKey => kms::rotate_key(services, &job, now).await,
                Kind::ExpireKmsMaterial => kms::expire_material(services, &job, now).await,
                Kind::EvaluateRules => config_rules::sweep(services, &job, now).await,
                Kind::InvokeFunction | Kind::RotateSecret | Kind::Unknown => continue,
            };
            match outcome {
                Ok(()) => done += 1,
                // Its row stays where the claim put it: that is the retry.
                Err(error) => tracing::warn!(
                    ?kind, claims = job.job.claims, %error, "a job failed and will be tried again"
                ),
            }
        }
    }
}

/// How long a claimed job is left alone, in milliseconds: longer each time.
fn pause(claims: u64) -> u64 {
    (LEASE_MS << (claims - 1).min(10)).min(MAX_PAUSE_MS)
}

/// Claims up to `most` of the jobs that are due. Each is its worker's for as
/// long as `lease` says of the number of its claims, in milliseconds.
///
/// # Errors
/// When the store fails, or another came between.
pub(crate) async fn claim<T: Table<Key = (u64, String), Record = Job>>(
    services: &Services,
    most: usize,
    lease: fn(u64) -> u64,
) -> Result<Vec<Claimed>, StoreError> {
    let now_ms = u64::try_from(services.clock.now().as_millisecond()).unwrap_or(0);
    let mut tx = services.store.begin(Mode::Write).await?;
    let mut claimed = Vec::new();
    for ((due, id), mut job) in tx.range::<T>((), None, most).await? {
        if due > now_ms {
            break;
        }
        job.claims += 1;
        let key = (now_ms + lease(job.claims), id.clone());
        tx.delete::<T>(&(due, id))?;
        tx.put::<T>(&key, &job)?;
        claimed.push(Claimed { key, job });
    }
    if !claimed.is_empty() {
        tx.commit(Vec::new()).await?;
    }
    Ok(claimed)
}
