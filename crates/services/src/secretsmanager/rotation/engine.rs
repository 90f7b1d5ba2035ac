use std::{collections::VecDeque, sync::Arc, time::Duration};

use strongroom_store::{Mode, StoreError};
use tokio::{sync::watch, task::JoinSet};

use super::{
    attempt::{self, Ended, LEASE_MS},
    change,
};
use crate::{
    context::Services,
    jobs::{Claimed, claim},
    scan::page,
    tables::RotationJobs,
};

/// Rotations that run at the same time.
const AT_ONCE: usize = 64;
/// Jobs claimed in one round.
const ROUND: usize = 16;
/// How often due jobs are looked for, beside when one is written.
const TICK: Duration = Duration::from_secs(1);
/// How long rotations may go on once the process is to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Carries out rotations as they fall due, until `stop`. `recorded` is called
/// after records were committed.
///
/// Jobs are claimed in the order in which they fall due. Those whose host has
/// enough to do are put aside until one of that host has ended, so that a slow
/// host holds up its own.
pub async fn run(
    services: Arc<Services>,
    mut stop: watch::Receiver<bool>,
    recorded: impl Fn() + Send,
) {
    let wake = Arc::clone(services.secrets.rotation().wake());
    let mut running = JoinSet::new();
    let mut parked: VecDeque<Claimed> = VecDeque::new();
    let mut room_again = false;
    loop {
        if room_again && let Some(job) = parked.pop_front() {
            spawn(&mut running, &services, job);
        }
        room_again = false;
        hurry(&services).await;
        let free = AT_ONCE.saturating_sub(running.len()).min(ROUND);
        let mut more = false;
        if free > 0 {
            match claim::<RotationJobs>(&services, free, |_| LEASE_MS).await {
                Ok(claimed) => {
                    more = claimed.len() == free && free == ROUND;
                    for job in claimed {
                        spawn(&mut running, &services, job);
                    }
                }
                Err(StoreError::Conflict) => more = true,
                Err(error) => tracing::error!(%error, "cannot look for rotations; will retry"),
            }
        }
        if more {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            Some(ended) = running.join_next() => {
                recorded();
                match ended {
                    Ok(Ok(Ended::Done)) => room_again = true,
                    Ok(Ok(Ended::Parked(job))) => parked.push_back(job),
                    Ok(Err(error)) => tracing::warn!(%error, "a rotation will be tried again"),
                    Err(error) => tracing::error!(%error, "a rotation broke off"),
                }
            }
            () = wake.0.notified(), if running.len() < AT_ONCE => {}
            () = tokio::time::sleep(TICK), if running.len() < AT_ONCE => {
                // Whatever waits is not forgotten when nothing else ends.
                room_again = running.is_empty();
            }
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    // What is cut off is taken up again when its lease ends.
    let farewell = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
    recorded();
}

/// Makes the jobs due of rotations that somebody asked for again.
async fn hurry(services: &Services) {
    for secret in services.secrets.rotation().to_take_up() {
        if let Err(error) = change::hurry(services, &secret).await {
            tracing::debug!(%error, "a rotation keeps its time");
        }
    }
}

fn spawn(running: &mut JoinSet<Result<Ended, StoreError>>, services: &Arc<Services>, job: Claimed) {
    let services = Arc::clone(services);
    running.spawn(async move { attempt::run(&services, job).await });
}

/// Takes back the jobs that a process had claimed when it ended, so that its
/// rotations go on at once and not at the end of their leases. To be called at
/// start, and only where no other process can have the store open.
///
/// # Errors
/// When the store fails.
pub async fn take_back(services: &Services) -> Result<usize, StoreError> {
    let mut last = None;
    let mut taken = 0;
    loop {
        let mut tx = services.store.begin(Mode::Read).await?;
        let rows = page::<RotationJobs>(&mut tx, &mut last).await?;
        if rows.is_empty() {
            return Ok(taken);
        }
        for (place, job) in rows {
            if job.claims > 0 && change::release(services, &place).await? {
                taken += 1;
            }
        }
    }
}

/// Carries out all that is due now, one after the other. For tests, and for
/// tools without an engine.
///
/// # Errors
/// When the store fails.
pub async fn run_due(services: &Services) -> Result<usize, StoreError> {
    let mut done = 0;
    hurry(services).await;
    loop {
        let claimed = match claim::<RotationJobs>(services, ROUND, |_| LEASE_MS).await {
            Err(StoreError::Conflict) => continue,
            other => other?,
        };
        if claimed.is_empty() {
            return Ok(done);
        }
        for job in claimed {
            attempt::run(services, job).await?;
            done += 1;
        }
    }
}
