//! One attempt of a rotation: from its claimed job to what comes after it.
//!
//! The function is called outside of transactions. Between its steps the row
//! of the secret is read again: who lost the job, or whose rotation was
//! cancelled or overtaken by a change, stops. Nothing is kept in memory, so an
//! attempt may end anywhere; the next begins with the first step, as every
//! step may be done again.

use std::time::Duration;

use strongroom_rotation::Step;
use strongroom_store::StoreError;
use strongroom_types::{Arn, Sensitive};

use super::{
    change::{Change, Row, change},
    record::Running,
    state::Next,
};
use crate::{
    context::{Home, Services},
    jobs::Claimed,
    lambda::{Failed, RotationEvent, Target, invoke_for_secret},
    secretsmanager::{
        event::{failure_event, rotation_event},
        secret::AWSCURRENT,
    },
};

/// How long a job is its worker's without a sign of life, in milliseconds.
pub(super) const LEASE_MS: u64 = 30_000;
/// How often a worker gives one.
const RENEWAL: Duration = Duration::from_secs(10);
/// How long a job waits for its host before another may take it, in
/// milliseconds.
const PARKED_MS: u64 = 600_000;
/// What an attempt came to.
pub(super) enum Ended {
    /// To an end, good or bad.
    Done,
    /// Its host has enough to do: to be tried when there is room.
    Parked(Claimed),
}

/// What is to be done.
struct Work {
    home: Home,
    arn: Arn,
    lambda_arn: String,
    token: String,
    rotation_token: String,
    test: bool,
}

enum Stopped {
    Busy,
    Failed {
        step: Step,
        why: String,
        target: Target,
    },
    Lost,
}

/// Carries out a claimed job.
///
/// # Errors
/// When the store fails; the job falls due again when its lease ends.
pub(super) async fn run(services: &Services, mut claimed: Claimed) -> Result<Ended, StoreError> {
    let Some(work) = begin(services, &mut claimed).await? else {
        return Ok(Ended::Done);
    };
    let steps: &[Step] = if work.test {
        &[Step::TestSecret]
    } else {
        &Step::ALL
    };
    for step in steps {
        match call(services, &mut claimed, &work, *step).await? {
            Ok(()) => {}
            Err(Stopped::Lost) => return Ok(Ended::Done),
            Err(Stopped::Busy) => {
                change(services, &mut claimed, |_| (Row::Lease(PARKED_MS), ())).await?;
                return Ok(Ended::Parked(claimed));
            }
            Err(Stopped::Failed { step, why, target }) => {
                tracing::warn!(
                    secret = %work.arn, function = work.lambda_arn, step = step.name(), why,
                    "a rotation failed"
                );
                failed(services, &mut claimed, &work, step, &why, target).await?;
                return Ok(Ended::Done);
            }
        }
    }
    finished(services, &mut claimed, &work).await?;
    Ok(Ended::Done)
}

/// Takes up the rotation that is running, or begins that of the window.
async fn begin(services: &Services, claimed: &mut Claimed) -> Result<Option<Work>, StoreError> {
    let begun = change(services, claimed, |change| {
        let Change {
            found,
            now,
            chance,
            events,
            removed,
        } = change;
        let (now, chance) = (*now, *chance);
        if found.secret.is_deleted() {
            // It may be restored, and then goes on where it was.
            return (Row::Next(found.secret.wait(now, chance)), None);
        }
        let Some(rotation) = found.secret.rotation.clone() else {
            return (Row::Next(Next::Nothing), None);
        };
        let running = match rotation.running.clone() {
            Some(running) if !found.secret.is_intact(&running.version_id) => {
                return (
                    Row::Next(lost(change, &running.version_id, running.test)),
                    None,
                );
            }
            Some(running) if !running.refused => running,
            running => {
                let again = running.is_some();
                if again {
                    found.secret.discard_pending();
                } else if rotation.window().is_none_or(|window| window.end <= now) {
                    return (Row::Next(found.secret.miss(now, chance)), None);
                }
                let running = Running {
                    version_id: services.random.uuid().to_string(),
                    rotation_token: services.random.uuid().to_string(),
                    started_ms: now.as_millisecond(),
                    failed_attempts: running.map_or(0, |running| running.failed_attempts),
                    ..Running::default()
                };
                let running = match found.secret.take_up_pending(running.clone()) {
                    Some(running) => running,
                    None => match found.secret.begin_rotation(running.clone(), now) {
                        Ok(made_room) => {
                            removed.extend(made_room);
                            running
                        }
                        Err(_) => return (Row::Next(found.secret.wait(now, chance)), None),
                    },
                };
                events.push(rotation_event(
                    found,
                    "RotationStarted",
                    &running.version_id,
                ));
                running
            }
        };
        let work = Work {
            home: found.home,
            arn: found.arn.clone(),
            lambda_arn: rotation.lambda_arn,
            token: running.version_id,
            rotation_token: running.rotation_token,
            test: running.test,
        };
        (Row::Lease(LEASE_MS), Some(work))
    });
    Ok(begun.await?.flatten())
}

/// One step, while the job stays this worker's.
async fn call(
    services: &Services,
    claimed: &mut Claimed,
    work: &Work,
    step: Step,
) -> Result<Result<(), Stopped>, StoreError> {
    let was_called = matches!(step, Step::TestSecret | Step::FinishSecret);
    if !renew(services, claimed, work, was_called).await? {
        return Ok(Err(Stopped::Lost));
    }
    let event = RotationEvent {
        step: step.name().to_owned(),
        secret_id: work.arn.to_string(),
        client_request_token: work.token.clone(),
        rotation_token: Some(Sensitive::new(work.rotation_token.clone())),
    };
    let invoked = invoke_for_secret(services, &work.home, &work.arn, &work.lambda_arn, event);
    let mut invoked = std::pin::pin!(invoked);
    loop {
        tokio::select! {
            outcome = &mut invoked => {
                return Ok(outcome.map_err(|failed| match failed {
                    Failed::Busy => Stopped::Busy,
                    Failed::Function { why, target } => Stopped::Failed {
                        step,
                        why,
                        target: match step {
                            Step::CreateSecret => Target::Untold,
                            Step::SetSecret => target,
                            Step::TestSecret | Step::FinishSecret => Target::Touched,
                        },
                    },
                }));
            }
            () = tokio::time::sleep(RENEWAL) => {
                let is_called = step != Step::CreateSecret;
                if !renew(services, claimed, work, is_called).await? {
                    return Ok(Err(Stopped::Lost));
                }
            }
        }
    }
}

/// Keeps the job, if it is still this worker's and the rotation still runs.
/// `touched`: setSecret was called, so that the database may have the password.
async fn renew(
    services: &Services,
    claimed: &mut Claimed,
    work: &Work,
    touched: bool,
) -> Result<bool, StoreError> {
    let renewed = change(services, claimed, |change| {
        let running = change.found.secret.rotation.as_ref();
        let running = running.and_then(|rotation| rotation.running.as_ref());
        let same = running.is_some_and(|running| running.version_id == work.token)
            && change.found.secret.is_intact(&work.token)
            && !change.found.secret.is_deleted();
        if same {
            return (Row::Lease(LEASE_MS), true);
        }
        let next = if change.found.secret.is_deleted() {
            // It may be restored, and then goes on where it was.
            let running = change.found.secret.rotation.as_mut();
            if let Some(running) = running.and_then(|rotation| rotation.running.as_mut()) {
                running.touched |= touched && running.version_id == work.token;
            }
            change.found.secret.wait(change.now, change.chance)
        } else {
            lost(change, &work.token, work.test)
        };
        (Row::Next(next), false)
    });
    Ok(renewed.await?.unwrap_or(false))
}

/// The version that was being made is not pending any more: somebody moved
/// the label. A change that moves it with a new value ends the rotation itself.
fn lost(change: &mut Change<'_>, token: &str, test: bool) -> Next {
    let Change {
        found,
        now,
        chance,
        events,
        removed,
    } = change;
    if test {
        // Whoever else ended the test has told of it.
        if let Some(id) = found.secret.end_test() {
            let why = "The version lost its AWSPENDING label during the test.".to_owned();
            events.push(failure_event(found, "TestRotationFailed", token, why));
            removed.push(id);
        }
        return found.secret.await_first_window(*now, *chance);
    }
    events.push(rotation_event(found, "RotationAbandoned", token));
    found.secret.give_up(*now, *chance)
}

/// All steps are done: is the version what applications read?
async fn finished(
    services: &Services,
    claimed: &mut Claimed,
    work: &Work,
) -> Result<(), StoreError> {
    let current = change(services, claimed, |change| {
        let Change {
            found,
            now,
            chance,
            events,
            removed,
        } = change;
        if work.test {
            events.push(rotation_event(found, "TestRotationSucceeded", &work.token));
            removed.extend(found.secret.end_test());
            return (
                Row::Next(found.secret.await_first_window(*now, *chance)),
                true,
            );
        }
        let version = found.secret.version(&work.token);
        if version.is_some_and(|version| version.has(AWSCURRENT)) {
            events.push(rotation_event(found, "RotationSucceeded", &work.token));
            (Row::Next(found.secret.succeed(*now, *chance)), true)
        } else if version.is_some() && found.secret.is_intact(&work.token) {
            (Row::Lease(LEASE_MS), false)
        } else {
            (Row::Next(lost(change, &work.token, false)), true)
        }
    });
    if current.await? == Some(false) {
        let why = "the function did not move AWSCURRENT to the new version";
        return failed(
            services,
            claimed,
            work,
            Step::FinishSecret,
            why,
            Target::Touched,
        )
        .await;
    }
    Ok(())
}

/// A step failed: the same again, later.
async fn failed(
    services: &Services,
    claimed: &mut Claimed,
    work: &Work,
    step: Step,
    why: &str,
    target: Target,
) -> Result<(), StoreError> {
    let done = change(services, claimed, |change| {
        let Change {
            found,
            now,
            chance,
            events,
            removed,
        } = change;
        let name = if work.test {
            "TestRotationFailed"
        } else {
            "RotationFailed"
        };
        let message = format!(
            "Error when executing lambda {} during {} step: {why}",
            work.lambda_arn,
            step.name()
        );
        events.push(failure_event(found, name, &work.token, message));
        let next = if work.test {
            removed.extend(found.secret.end_test());
            found.secret.await_first_window(*now, *chance)
        } else if found.secret.is_intact(&work.token) {
            let why = format!("{}: {why}", step.name());
            found.secret.fail(why, target, *now, *chance)
        } else {
            found.secret.give_up(*now, *chance)
        };
        (Row::Next(next), ())
    });
    done.await.map(drop)
}
