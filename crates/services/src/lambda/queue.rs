//! Calls that wait: Invoke of the type `Event` is answered when the event is
//! stored, and the function is called later, again if it fails.
//!
//! Each event is a row with its payload beside it and a job. To make a call, a
//! worker moves the job to the end of what the call may take and counts the
//! attempt, in one transaction; what came of it is written if the job is still
//! where the worker left it. So a call that is cut off by the end of the process
//! is one of the three attempts that an event has.
//!
//! Source: Lambda Developer Guide, "How Lambda handles errors and retries with
//! asynchronous invocation".

use std::{sync::Arc, time::Duration};

use strongroom_store::{Mode, StoreError};
use strongroom_types::Sensitive;
use tokio::{sync::watch, task::JoinSet};

use super::{
    Error, Result, custom,
    function::{Function, FunctionRef},
    invoke::{Called, Caught, call},
    record::{FunctionEvent, FunctionEventPayload},
    remote::NotCalled,
    role,
};
use crate::{
    context::{Context, Home, Request, Services},
    jobs::{Claimed, Job, claim},
    scan::page,
    tables::{FunctionEventPayloads, FunctionEvents, FunctionJobs},
};

/// Events of one function that may wait.
const MOST: usize = 256;
/// How often a function is called for an event.
const ATTEMPTS: u32 = 3;
/// Pauses before an event's second and third attempt, in milliseconds.
const PAUSES_MS: [i64; 2] = [60_000, 120_000];
/// Pause before an event is tried again that there was no room for.
const BUSY_MS: i64 = 10_000;
/// How long there may be no room.
///
/// Source: Lambda API Reference, `MaximumEventAgeInSeconds`, its default.
const MAX_AGE_MS: i64 = 6 * 60 * 60 * 1000;
/// How long a call is left alone after its time-out, in milliseconds.
const GRACE_MS: i64 = 60_000;
/// How long the time-out of a built-in function is, in milliseconds.
const BUILTIN_MS: i64 = 30_000;
/// How long a worker has to begin what it claimed, in milliseconds.
const LEASE_MS: u64 = 30_000;
/// Events whose functions are called at the same time, where users' own functions
/// are not run.
const AT_ONCE: usize = 16;
/// How often due events are looked for.
const TICK: Duration = Duration::from_secs(1);
/// How long calls may go on once the process is to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Stores an event for a function.
///
/// # Errors
/// `TooManyRequestsException` if too many wait already.
pub(super) async fn accept(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    payload: Sensitive<Vec<u8>>,
) -> Result<()> {
    if let Some(Function::Custom(_)) = function.function {
        custom::host(cx.services)?;
    }
    let place = function.key();
    let waiting = cx.tx.range::<FunctionEvents>(place.clone(), None, MOST);
    if waiting.await?.len() >= MOST {
        return Err(Error::TooManyRequests(
            "FunctionInvocationRateLimitExceeded",
        ));
    }
    let (account, region, name) = place;
    let id = cx.request.id.clone();
    let job = Job::invoke_function(&function.home, &name, &id);
    let key = (account, region, name, id);
    let accepted_ms = cx.now.as_millisecond();
    let event = FunctionEvent {
        function: function.arn.to_string(),
        accepted_ms,
        attempts: 0,
        running: false,
    };
    let payload = FunctionEventPayload {
        payload: payload.expose().clone(),
    };
    cx.tx.put::<FunctionEvents>(&key, &event)?;
    cx.tx.put::<FunctionEventPayloads>(&key, &payload)?;
    cx.tx.put::<FunctionJobs>(&job.key(accepted_ms), &job)?;
    Ok(())
}

/// Calls functions for the events that are due, until `stop`.
pub async fn run(services: Arc<Services>, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(_) = running.join_next() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
        let free = at_once(&services).saturating_sub(running.len());
        match claim::<FunctionJobs>(&services, free, |_| LEASE_MS).await {
            Ok(claimed) => {
                for job in claimed {
                    let services = Arc::clone(&services);
                    running.spawn(async move { attempt(&services, job).await });
                }
            }
            Err(StoreError::Conflict) => {}
            Err(error) => tracing::error!(%error, "cannot look for events; will retry"),
        }
    }
    // What is cut off is taken up again.
    let farewell = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}

/// Half of the functions that can run, so that events never keep rotations from
/// theirs.
fn at_once(services: &Services) -> usize {
    let host = services.secrets.rotation().host();
    host.map_or(AT_ONCE, |host| (host.host.at_once() as usize / 2).max(1))
}

/// Calls functions for the events that are due now, one after another, and
/// returns how many calls were made.
///
/// # Errors
/// When the store fails.
pub async fn run_due(services: &Services) -> std::result::Result<usize, StoreError> {
    let mut made = 0;
    loop {
        let claimed = claim::<FunctionJobs>(services, at_once(services), |_| LEASE_MS).await?;
        if claimed.is_empty() {
            return Ok(made);
        }
        made += claimed.len();
        for job in claimed {
            attempt(services, job).await;
        }
    }
}

/// Makes the calls due again that a process had begun when it ended. To be
/// called at start, and only where no other process can have the store open.
///
/// # Errors
/// When the store fails.
pub async fn take_back(services: &Services) -> std::result::Result<(), StoreError> {
    let now_ms = u64::try_from(services.clock.now().as_millisecond()).unwrap_or(0);
    let mut last = None;
    loop {
        let mut tx = services.store.begin(Mode::Write).await?;
        let rows = page::<FunctionJobs>(&mut tx, &mut last).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for ((due, id), job) in rows {
            let Some(key) = event_key(services, &job) else {
                continue;
            };
            let event = tx.get::<FunctionEvents>(&key).await?;
            if due > now_ms && event.is_some_and(|event| event.running) {
                tx.delete::<FunctionJobs>(&(due, id.clone()))?;
                tx.put::<FunctionJobs>(&(now_ms, id), &job)?;
            }
        }
        tx.commit(Vec::new()).await?;
    }
}

type EventKey = <FunctionEvents as strongroom_store::Table>::Key;

fn event_key(services: &Services, job: &Job) -> Option<EventKey> {
    let home = job.home(services.partition)?;
    Some((
        home.account,
        home.region,
        job.resource.clone(),
        job.incarnation.clone(),
    ))
}

/// One call for an event. A failure of the store is as good as a call that was
/// cut off.
async fn attempt(services: &Services, claimed: Claimed) {
    let Some(home) = claimed.job.home(services.partition) else {
        return;
    };
    let done = match begin(services, &home, claimed).await {
        Ok(Some((begun, called))) => end(services, &begun, called.run().await).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        tracing::warn!(%error, "a function's event will be tried again");
    }
}

/// An attempt that was counted.
struct Begun {
    job: Claimed,
    key: EventKey,
    event: FunctionEvent,
}

/// Counts an attempt and prepares it; nothing if there is nothing to call.
async fn begin(
    services: &Services,
    home: &Home,
    mut claimed: Claimed,
) -> std::result::Result<Option<(Begun, Called)>, StoreError> {
    let Some(key) = event_key(services, &claimed.job) else {
        return Ok(None);
    };
    let now = services.clock.now();
    let arn = home.arn("lambda", format_args!("function:{}", claimed.job.resource));
    let request = Request {
        // That of the call that was accepted, at each attempt.
        id: key.3.clone(),
        ..role::request(services, home, &arn)
    };
    let mut cx = Context::begin(services, &request, now, Mode::Write).await?;
    if cx.tx.get::<FunctionJobs>(&claimed.key).await?.is_none() {
        return Ok(None);
    }
    let (event, payload) = (
        cx.tx.get::<FunctionEvents>(&key).await?,
        cx.tx.get::<FunctionEventPayloads>(&key).await?,
    );
    let (Some(mut event), Some(payload)) = (event, payload) else {
        cx.tx.delete::<FunctionJobs>(&claimed.key)?;
        cx.tx.commit(Vec::new()).await?;
        return Ok(None);
    };
    let found = FunctionRef::by_arn(&mut cx, &event.function).await;
    let found = found
        .ok()
        .flatten()
        .filter(|found| found.function.is_some());
    let Some(function) = found.filter(|_| event.attempts < ATTEMPTS) else {
        drop_event(&mut cx, &claimed.key, &key)?;
        cx.tx.commit(Vec::new()).await?;
        tracing::warn!(
            function = event.function,
            "an event is given up: its function is gone, or was cut off three times"
        );
        return Ok(None);
    };
    let payload = Sensitive::new(payload.payload);
    let called = call(&mut cx, &function, payload, false, None).await;
    let timeout_ms = match &function.function {
        Some(Function::Custom(row)) => i64::from(row.timeout_seconds) * 1000,
        Some(Function::Remote(endpoint)) => i64::from(endpoint.timeout_seconds) * 1000,
        _ => BUILTIN_MS,
    };
    event.attempts += 1;
    event.running = true;
    let due_ms = now.as_millisecond() + timeout_ms + GRACE_MS;
    put(&mut cx, &mut claimed, &key, &event, due_ms)?;
    cx.tx.commit(Vec::new()).await?;
    let begun = Begun {
        job: claimed,
        key,
        event,
    };
    match called {
        Ok(called) => Ok(Some((begun, called))),
        Err(error) => {
            let why = crate::operation::ServiceError::refusal(error).message;
            let failed = NotCalled::Failed(why.into_owned());
            end(services, &begun, Caught::not_called(failed)).await?;
            Ok(None)
        }
    }
}

/// Writes what came of an attempt.
async fn end(
    services: &Services,
    begun: &Begun,
    caught: Caught,
) -> std::result::Result<(), StoreError> {
    loop {
        match end_once(services, begun, &caught).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
}

async fn end_once(
    services: &Services,
    begun: &Begun,
    caught: &Caught,
) -> std::result::Result<(), StoreError> {
    let Begun { job, key, event } = begun;
    let Some(home) = job.job.home(services.partition) else {
        return Ok(());
    };
    let now_ms = services.clock.now().as_millisecond();
    let arn = home.arn("lambda", format_args!("function:{}", job.job.resource));
    let request = role::request(services, &home, &arn);
    let now = services.clock.now();
    let mut cx = Context::begin(services, &request, now, Mode::Write).await?;
    if cx.tx.get::<FunctionJobs>(&job.key).await?.is_none() {
        return Ok(());
    }
    let mut event = event.clone();
    event.running = false;
    let is_young = now_ms - event.accepted_ms < MAX_AGE_MS;
    let pause_ms = match &caught.result {
        Ok(answered) if !answered.failed => None,
        Err(NotCalled::Busy) if is_young => {
            // There was no attempt.
            event.attempts -= 1;
            Some(BUSY_MS)
        }
        _ => {
            let number = usize::try_from(event.attempts).unwrap_or(usize::MAX);
            let pause = PAUSES_MS.get(number.saturating_sub(1)).copied();
            if pause.is_none() {
                let function = event.function.as_str();
                tracing::warn!(function, "an event is given up: its function failed");
            }
            pause
        }
    };
    match pause_ms {
        Some(pause_ms) => {
            let mut job = Claimed {
                key: job.key.clone(),
                job: job.job.clone(),
            };
            put(&mut cx, &mut job, key, &event, now_ms + pause_ms)?;
        }
        None => drop_event(&mut cx, &job.key, key)?,
    }
    cx.tx.commit(Vec::new()).await.map(drop)
}

/// Moves an event's job, and writes the event.
fn put(
    cx: &mut Context<'_>,
    claimed: &mut Claimed,
    key: &EventKey,
    event: &FunctionEvent,
    due_ms: i64,
) -> std::result::Result<(), StoreError> {
    cx.tx.delete::<FunctionJobs>(&claimed.key)?;
    claimed.key = claimed.job.key(due_ms);
    cx.tx.put::<FunctionJobs>(&claimed.key, &claimed.job)?;
    cx.tx.put::<FunctionEvents>(key, event)
}

fn drop_event(
    cx: &mut Context<'_>,
    job: &(u64, String),
    key: &EventKey,
) -> std::result::Result<(), StoreError> {
    cx.tx.delete::<FunctionJobs>(job)?;
    cx.tx.delete::<FunctionEvents>(key)?;
    cx.tx.delete::<FunctionEventPayloads>(key)
}
