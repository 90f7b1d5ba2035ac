//! The job of a secret that rotates.

use strongroom_store::{StoreError, Transaction};

use super::record::Rotation;
use crate::{
    context::Context,
    jobs::Job,
    secretsmanager::{
        FoundSecret,
        event::{failure_event, rotation_event},
        secret::AWSCURRENT,
        value::row,
    },
    tables::{RotationJobs, SecretValues},
};

/// The job of the secret as it is now.
pub(super) fn job(found: &FoundSecret) -> Job {
    let generation = found
        .secret
        .rotation
        .as_ref()
        .map_or(0, |rotation| rotation.generation);
    Job::rotate_secret(
        &found.home,
        &found.secret.name,
        &found.secret.suffix,
        generation,
    )
}

/// Gives the secret a job that is due then, or none, in place of the one it
/// has. The caller saves the secret's row.
pub(in crate::secretsmanager) fn set_job(
    cx: &mut Context<'_>,
    found: &mut FoundSecret,
    due_ms: Option<u64>,
) -> Result<(), StoreError> {
    set_job_in(&mut cx.tx, found, due_ms)
}

/// The same, in a transaction that is no operation's.
pub(super) fn set_job_in(
    tx: &mut Transaction,
    found: &mut FoundSecret,
    due_ms: Option<u64>,
) -> Result<(), StoreError> {
    drop_job_in(tx, found)?;
    let Some(rotation) = &mut found.secret.rotation else {
        return Ok(());
    };
    rotation.generation += 1;
    rotation.job_due_ms = due_ms;
    if let Some(due_ms) = due_ms {
        let job = job(found);
        tx.put::<RotationJobs>(&claim_key(&job, due_ms), &job)?;
    }
    Ok(())
}

/// Removes the secret's job, unless somebody has claimed it: who has finds
/// that it is obsolete.
pub(in crate::secretsmanager) fn drop_job(
    cx: &mut Context<'_>,
    found: &FoundSecret,
) -> Result<(), StoreError> {
    drop_job_in(&mut cx.tx, found)
}

fn drop_job_in(tx: &mut Transaction, found: &FoundSecret) -> Result<(), StoreError> {
    let due = found
        .secret
        .rotation
        .as_ref()
        .and_then(|rotation: &Rotation| rotation.job_due_ms);
    if let Some(due_ms) = due {
        tx.delete::<RotationJobs>(&claim_key(&job(found), due_ms))?;
    }
    Ok(())
}

/// A secret that was to be deleted stays: a rotation that its deletion broke
/// off is taken up at once, as the database may have the new password already.
/// Whoever has claimed the job finds by themselves that the secret is there.
/// The caller saves the secret's row.
pub(in crate::secretsmanager) fn restored(
    cx: &mut Context<'_>,
    found: &mut FoundSecret,
) -> Result<(), StoreError> {
    let Some(rotation) = &mut found.secret.rotation else {
        return Ok(());
    };
    let (true, Some(_), Some(running)) =
        (rotation.enabled, rotation.job_due_ms, &mut rotation.running)
    else {
        return Ok(());
    };
    running.failed_attempts = 0;
    let now_ms = u64::try_from(cx.now.as_millisecond()).unwrap_or(0);
    set_job(cx, found, Some(now_ms))
}

/// The key of a job that is due then.
pub(crate) fn claim_key(job: &Job, due_ms: u64) -> (u64, String) {
    job.key(i64::try_from(due_ms).unwrap_or(i64::MAX))
}

/// Ends the test that is running, if one is, and has that on record. The
/// caller saves the secret's row.
pub(in crate::secretsmanager) fn cut_test_short(
    cx: &mut Context<'_>,
    found: &mut FoundSecret,
    why: &str,
) -> Result<(), StoreError> {
    if let Some(id) = found.secret.end_test() {
        cx.tx.delete::<SecretValues>(&row(found, &id))?;
        let event = failure_event(found, "TestRotationFailed", &id, why.to_owned());
        cx.events.push(event);
    }
    Ok(())
}

/// A rotation whose version is current has come to its end, also where its
/// worker has not got to that yet and will find another one, or none, in its
/// place. The caller saves the secret's row.
pub(in crate::secretsmanager) fn end_what_is_done(cx: &mut Context<'_>, found: &mut FoundSecret) {
    let running = found.secret.rotation.as_ref();
    let running = running.and_then(|rotation| rotation.running.as_ref());
    let done = running.filter(|running| {
        let version = found.secret.version(&running.version_id);
        !running.test && version.is_some_and(|version| version.has(AWSCURRENT))
    });
    if let Some(token) = done.map(|running| running.version_id.clone()) {
        cx.events
            .push(rotation_event(found, "RotationSucceeded", &token));
        found.secret.end(cx.now);
    }
}

/// A value that was set by hand counts as a rotation, and ends one that is
/// running and lost its version; one that did not goes on, and is what makes
/// its own version current. The caller saves the secret's row.
pub(in crate::secretsmanager) fn changed_by_hand(
    cx: &mut Context<'_>,
    found: &mut FoundSecret,
) -> Result<(), StoreError> {
    cut_test_short(cx, found, "The secret was changed during the test.")?;
    let running = found.secret.rotation.as_ref();
    let running = running.and_then(|rotation| rotation.running.as_ref());
    if running.is_some_and(|running| found.secret.is_intact(&running.version_id)) {
        return Ok(());
    }
    let chance = cx.services.random.below(1000);
    let due = match &mut found.secret.rotation {
        Some(rotation) if rotation.enabled => {
            rotation.running = None;
            rotation.next_window(cx.now);
            rotation.next_start(cx.now, chance)
        }
        _ => return Ok(()),
    };
    set_job(cx, found, due)
}
