//! Transactions on a secret and the job that is claimed for it.

use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::{AccountId, Region, Timestamp};

use super::{jobs::set_job_in, record::Running, state::Next};
use crate::{
    cloudtrail::{Event, EventTime},
    context::{Home, Services},
    jobs::Claimed,
    secretsmanager::{
        FoundSecret,
        event::{rotation_event, service_event},
        value::row,
    },
    tables::{RotationJobs, SecretValues, Secrets},
};

/// Attempts of one transaction against others.
const TRIES: u32 = 64;

/// What becomes of a job's row.
pub(super) enum Row {
    /// The worker's, for so many milliseconds.
    Lease(u64),
    /// Free again.
    Next(Next),
}

/// A secret within a transaction of an attempt.
pub(super) struct Change<'a> {
    /// The secret as it is, and as it is to be.
    pub(super) found: &'a mut FoundSecret,
    /// The time of the transaction.
    pub(super) now: Timestamp,
    /// A random number below 1,000.
    pub(super) chance: u32,
    /// What goes on record.
    pub(super) events: Vec<Event>,
    /// Versions whose values go.
    pub(super) removed: Vec<String>,
}

/// Changes the secret of a claimed job, and its row, in one transaction.
/// Nothing if the job is another's by now, or obsolete.
pub(super) async fn change<T>(
    services: &Services,
    claimed: &mut Claimed,
    mut how: impl FnMut(&mut Change<'_>) -> (Row, T),
) -> Result<Option<T>, StoreError> {
    for _ in 0..TRIES {
        match transact(services, claimed, &mut how).await {
            Err(StoreError::Conflict) => tokio::task::yield_now().await,
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

async fn transact<T>(
    services: &Services,
    claimed: &mut Claimed,
    how: &mut impl FnMut(&mut Change<'_>) -> (Row, T),
) -> Result<Option<T>, StoreError> {
    let now = services.clock.now();
    let mut tx = services.store.begin(Mode::Write).await?;
    if tx.get::<RotationJobs>(&claimed.key).await?.is_none() {
        return Ok(None);
    }
    tx.delete::<RotationJobs>(&claimed.key)?;
    let Some(mut found) = find(services, &mut tx, claimed).await? else {
        tx.commit(Vec::new()).await?;
        return Ok(None);
    };
    let before = found.secret.clone();
    let mut change = Change {
        found: &mut found,
        now,
        chance: services.random.below(1000),
        events: Vec::new(),
        removed: Vec::new(),
    };
    let (row_next, value) = how(&mut change);
    let Change {
        mut events,
        removed,
        ..
    } = change;
    for id in &removed {
        tx.delete::<SecretValues>(&row(&found, id))?;
        if found.secret.version(id).is_none()
            && before.rotation.as_ref().is_none_or(|rotation| {
                rotation
                    .running
                    .as_ref()
                    .is_none_or(|running| running.version_id != *id)
            })
        {
            events.push(service_event(&found, "SecretVersionDeletion", id));
        }
    }
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let (due, waiting) = match row_next {
        Row::Lease(lease) => (Some(now_ms + lease), None),
        Row::Next(Next::At(due)) => (Some(due), Some(due)),
        Row::Next(Next::Nothing) => (None, None),
    };
    let mut key = claimed.key.clone();
    if let Some(due) = due {
        let mut job = claimed.job.clone();
        let rotation = found.secret.rotation.as_ref();
        if waiting.is_some() && rotation.is_none_or(|rotation| rotation.running.is_none()) {
            // A number that grows tells of a rotation that fails.
            job.claims = 0;
        }
        key.0 = due;
        tx.put::<RotationJobs>(&key, &job)?;
    }
    if let Some(rotation) = &mut found.secret.rotation {
        rotation.job_due_ms = waiting;
    }
    if *found.secret != *before {
        tx.put::<Secrets>(&found.key(), &found.secret)?;
    }
    let time = EventTime::of(now);
    let lines = events
        .iter()
        .map(|event| event.service_record(services, &found.home, &time));
    tx.commit(lines.collect()).await?;
    services.secrets.rotation().outcomes().note(&events);
    claimed.key = key;
    Ok(Some(value))
}

/// The secret of a job, unless the job is obsolete.
async fn find(
    services: &Services,
    tx: &mut Transaction,
    claimed: &Claimed,
) -> Result<Option<FoundSecret>, StoreError> {
    let job = &claimed.job;
    let (Some(account), Ok(region)) = (AccountId::new(job.account), job.region.parse::<Region>())
    else {
        return Ok(None);
    };
    let home = Home {
        partition: services.partition,
        account,
        region,
    };
    let key = (account, region, job.resource.clone());
    let Some(secret) = tx.get::<Secrets>(&key).await? else {
        return Ok(None);
    };
    let found = FoundSecret {
        arn: secret.arn(&home),
        home,
        secret: secret.into(),
        policy: None,
    };
    let enabled = found
        .secret
        .rotation
        .as_ref()
        .is_some_and(|rotation| rotation.enabled);
    let same = super::jobs::job(&found).incarnation == job.incarnation;
    Ok((enabled && same).then_some(found))
}

/// Makes the job of a running rotation due now, unless a worker has it; and
/// takes up one that was cancelled.
///
/// # Errors
/// When the store fails, or other transactions came between each time.
pub(super) async fn hurry(
    services: &Services,
    secret: &(AccountId, Region, String),
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        match try_to_hurry(services, secret).await {
            Err(StoreError::Conflict) => tokio::task::yield_now().await,
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

async fn try_to_hurry(
    services: &Services,
    secret: &(AccountId, Region, String),
) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    let Some(row) = tx.get::<Secrets>(secret).await? else {
        return Ok(());
    };
    let home = Home {
        partition: services.partition,
        account: secret.0,
        region: secret.1,
    };
    let mut found = FoundSecret {
        arn: row.arn(&home),
        home,
        secret: row.into(),
        policy: None,
    };
    let job = super::jobs::job(&found);
    let Some(rotation) = &mut found.secret.rotation else {
        return Ok(());
    };
    if rotation.running.is_none() {
        return resume(services, tx, found).await;
    }
    let (Some(due_ms), Some(running)) = (rotation.job_due_ms, &mut rotation.running) else {
        return Ok(());
    };
    let old = super::claim_key(&job, due_ms);
    if tx.get::<RotationJobs>(&old).await?.is_none() {
        return Ok(());
    }
    let now_ms = u64::try_from(services.clock.now().as_millisecond()).unwrap_or(0);
    running.failed_attempts = 0;
    rotation.job_due_ms = Some(now_ms);
    tx.delete::<RotationJobs>(&old)?;
    tx.put::<RotationJobs>(&super::claim_key(&job, now_ms), &job)?;
    tx.put::<Secrets>(&found.key(), &found.secret)?;
    tx.commit(Vec::new()).await.map(drop)
}

/// Takes up the version that a rotation left behind which was cancelled.
async fn resume(
    services: &Services,
    mut tx: Transaction,
    mut found: FoundSecret,
) -> Result<(), StoreError> {
    let now = services.clock.now();
    let running = Running {
        rotation_token: services.random.uuid().to_string(),
        started_ms: now.as_millisecond(),
        ..Running::default()
    };
    if found.secret.is_deleted() {
        return Ok(());
    }
    let Some(running) = found.secret.resume(running, now) else {
        return Ok(());
    };
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    set_job_in(&mut tx, &mut found, Some(now_ms))?;
    tx.put::<Secrets>(&found.key(), &found.secret)?;
    let event = rotation_event(&found, "RotationStarted", &running.version_id);
    let line = event.service_record(services, &found.home, &EventTime::of(now));
    tx.commit(vec![line]).await?;
    services.secrets.rotation().outcomes().note(&[event]);
    Ok(())
}

/// Makes a job due at once that was claimed by a process which has ended.
pub(super) async fn release(
    services: &Services,
    place: &(u64, String),
) -> Result<bool, StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    let Some(job) = tx.get::<RotationJobs>(place).await? else {
        return Ok(false);
    };
    let claimed = Claimed {
        key: place.clone(),
        job,
    };
    let found = find(services, &mut tx, &claimed).await?;
    let rotation = found
        .as_ref()
        .and_then(|found| found.secret.rotation.as_ref());
    // The secret knows the place of a job that nobody has claimed.
    if rotation.is_some_and(|rotation| rotation.job_due_ms == Some(place.0)) {
        return Ok(false);
    }
    let now_ms = u64::try_from(services.clock.now().as_millisecond()).unwrap_or(0);
    tx.delete::<RotationJobs>(place)?;
    tx.put::<RotationJobs>(&(now_ms, place.1.clone()), &claimed.job)?;
    tx.commit(Vec::new()).await?;
    Ok(true)
}
