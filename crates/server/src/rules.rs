//! The rules that watch over secrets, shown each record as it is written: they
//! follow the audit log as event endpoints do, and no request waits for them.

use std::{path::PathBuf, sync::Arc, time::Duration};

use strongroom_services::{config_rules::watch, context::Services};
use strongroom_store::StoreError;
use tokio::{sync::watch::Receiver, time::Instant};

use crate::{
    audit::{Follower, LogReader},
    events::{Ledger, rest},
};

/// What their place in the log is kept under: no endpoint's name.
const NAME: &str = "rules/";
/// How often a log is looked at in which nothing was new.
const POLL: Duration = Duration::from_millis(250);
/// Pause after a failure of store or log.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the place is saved.
const TICK: Duration = Duration::from_secs(1);

/// Shows the rules what the log in `directory` records, until `stop`.
/// `recorded` is called after records were committed.
pub async fn run(
    services: Arc<Services>,
    directory: PathBuf,
    stop: Receiver<bool>,
    recorded: impl Fn() + Send,
) {
    if services.rules.is_empty() {
        return;
    }
    let reader = Arc::new(LogReader::of(&directory));
    let mut ledger = loop {
        match Ledger::open(&services, NAME, &reader, false).await {
            Ok(ledger) => break ledger,
            Err(why) => tracing::error!(why, "cannot find out what rules were shown; will retry"),
        }
        if rest(PAUSE, &stop).await {
            return;
        }
    };
    let mut next_save = Instant::now() + TICK;
    loop {
        let mut place = ledger.place();
        let reading = Arc::clone(&reader);
        let read = tokio::task::spawn_blocking(move || reading.follow_each(&mut place)).await;
        let pause = match read {
            Ok(Ok(records)) if records.is_empty() => POLL,
            Ok(Ok(records)) => {
                match show(&services, &mut ledger, records, &recorded, &stop).await {
                    Ok(()) => Duration::ZERO,
                    Err(error) => {
                        tracing::error!(%error, "cannot judge by the rules; will retry");
                        PAUSE
                    }
                }
            }
            // A segment was compressed, or removed, meanwhile.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => POLL,
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot read the audit log for the rules; will retry");
                PAUSE
            }
            Err(error) => {
                tracing::error!(%error, "reading the audit log for the rules failed");
                PAUSE
            }
        };
        if Instant::now() >= next_save {
            ledger.save(None).await;
            next_save = Instant::now() + TICK;
        }
        if rest(pause, &stop).await {
            break;
        }
    }
    ledger.save(None).await;
}

async fn show(
    services: &Services,
    ledger: &mut Ledger,
    records: Vec<(Vec<u8>, Follower)>,
    recorded: &impl Fn(),
    stop: &Receiver<bool>,
) -> Result<(), StoreError> {
    for (record, after) in records {
        if *stop.borrow() {
            break;
        }
        if watch(services, &record).await? {
            recorded();
        }
        ledger.reached(after, "");
    }
    Ok(())
}
