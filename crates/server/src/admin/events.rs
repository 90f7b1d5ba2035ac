use serde::{Deserialize, Serialize};
use serde_json::Value;
use strongroom_services::{
    context::Services,
    events::{DeadLetter, Progress},
    tables::{DeadLetters, EventProgress},
};
use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::Timestamp;

use super::said;

/// Dead letters in one answer.
const MOST: usize = 1000;
/// Rows read, or changed, at a time.
const PAGE: usize = 100;
/// Attempts of one transaction against others.
const TRIES: u32 = 16;

/// What is asked about event endpoints.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    tag = "about",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum EventsRequest {
    /// How far each endpoint was told.
    Status,
    /// What was given up.
    DeadLetters {
        /// Of this endpoint; of all without.
        endpoint: Option<String>,
    },
    /// To send dead letters once more.
    Redeliver {
        /// Of this endpoint.
        endpoint: String,
        /// The event's id; all without.
        id: Option<String>,
    },
    /// To forget dead letters.
    Discard {
        /// Of this endpoint.
        endpoint: String,
        /// The event's id; all without.
        id: Option<String>,
    },
}

/// What there is to say of event endpoints.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventsReport {
    /// How far each was told.
    Status(Vec<EndpointStatus>),
    /// What was given up, the first thousand, and whether there are more.
    DeadLetters(Vec<DeadEvent>, bool),
    /// So many dead letters are sent once more, or forgotten.
    Changed(usize),
}

/// How far an endpoint was told.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndpointStatus {
    /// The endpoint.
    pub endpoint: String,
    /// Time of the last record that it needs to be told no more, as the record
    /// has it; empty if there was none yet.
    pub told_through: String,
    /// Since when nothing gets through, RFC 3339, UTC.
    pub failing_since: Option<String>,
    /// Why nothing gets through.
    pub failure: Option<String>,
    /// Events that were given up.
    pub dead_letters: usize,
    /// Segments of the log that were removed before it was told of them.
    pub missed_segments: u64,
}

/// An event that was given up.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadEvent {
    /// The endpoint.
    pub endpoint: String,
    /// The event's id.
    pub id: String,
    /// When it was given up, RFC 3339, UTC.
    pub given_up: String,
    /// How often it was sent.
    pub attempts: u32,
    /// Why it was refused the last time.
    pub reason: String,
    /// Whether it is about to be sent once more.
    pub redeliver: bool,
    /// The event.
    pub event: Value,
}

/// The name under which rules follow the log is none of an endpoint.
fn is_endpoint(name: &str) -> bool {
    !name.contains('/')
}

/// Does what is asked.
pub(super) async fn answer(
    services: &Services,
    request: EventsRequest,
) -> Result<EventsReport, String> {
    match request {
        EventsRequest::Status => status(services).await.map(EventsReport::Status),
        EventsRequest::DeadLetters { endpoint } => dead_letters(services, endpoint).await,
        EventsRequest::Redeliver { endpoint, id } => {
            let wanted = wanted(services, endpoint, id).await?;
            change(services, &wanted, |tx, key, letter| {
                let letter = DeadLetter {
                    redeliver: true,
                    ..letter
                };
                tx.put::<DeadLetters>(key, &letter)
            })
            .await
        }
        EventsRequest::Discard { endpoint, id } => {
            let wanted = wanted(services, endpoint, id).await?;
            change(services, &wanted, |tx, key, _| {
                tx.delete::<DeadLetters>(key)
            })
            .await
        }
    }
}

async fn status(services: &Services) -> Result<Vec<EndpointStatus>, String> {
    let mut tx = services.store.begin(Mode::Read).await.map_err(said)?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tx.range::<EventProgress>((), after.as_ref(), PAGE).await;
        let page = page.map_err(said)?;
        let Some((last, _)) = page.last() else {
            return Ok(found);
        };
        after = Some(last.clone());
        for ((endpoint,), progress) in page {
            if is_endpoint(&endpoint) {
                let dead = keys(&mut tx, &endpoint, None).await.map_err(said)?.len();
                found.push(of(endpoint, progress, dead));
            }
        }
    }
}

fn of(endpoint: String, progress: Progress, dead_letters: usize) -> EndpointStatus {
    EndpointStatus {
        endpoint,
        told_through: progress.event_time,
        failing_since: progress.failing_since_ms.map(time),
        failure: progress.failure,
        dead_letters,
        missed_segments: progress.missed_segments,
    }
}

fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
}

async fn dead_letters(
    services: &Services,
    endpoint: Option<String>,
) -> Result<EventsReport, String> {
    let mut tx = services.store.begin(Mode::Read).await.map_err(said)?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = match &endpoint {
            Some(name) => {
                let prefix = (name.clone(),);
                tx.range::<DeadLetters>(prefix, after.as_ref(), PAGE).await
            }
            None => tx.range::<DeadLetters>((), after.as_ref(), PAGE).await,
        };
        let page = page.map_err(said)?;
        let Some((last, _)) = page.last() else {
            return Ok(EventsReport::DeadLetters(found, false));
        };
        after = Some(last.clone());
        for ((endpoint, _, _, id), letter) in page {
            if found.len() == MOST {
                return Ok(EventsReport::DeadLetters(found, true));
            }
            found.push(DeadEvent {
                endpoint,
                id,
                given_up: time(letter.given_up_ms),
                attempts: letter.attempts,
                reason: letter.reason,
                redeliver: letter.redeliver,
                event: serde_json::from_str(&letter.event).unwrap_or_default(),
            });
        }
    }
}

type Key = (String, u64, u64, String);

/// The keys of an endpoint's dead letters.
async fn keys(
    tx: &mut Transaction,
    endpoint: &str,
    id: Option<&str>,
) -> Result<Vec<Key>, StoreError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let prefix = (endpoint.to_owned(),);
        let page = tx
            .range::<DeadLetters>(prefix, after.as_ref(), PAGE)
            .await?;
        let Some((last, _)) = page.last() else {
            return Ok(found);
        };
        after = Some(last.clone());
        let keys = page.into_iter().map(|(key, _)| key);
        found.extend(keys.filter(|key| id.is_none_or(|id| key.3 == id)));
    }
}

async fn wanted(
    services: &Services,
    endpoint: String,
    id: Option<String>,
) -> Result<Vec<Key>, String> {
    let mut tx = services.store.begin(Mode::Read).await.map_err(said)?;
    let known = tx.get::<EventProgress>(&(endpoint.clone(),)).await;
    if known.map_err(said)?.is_none() {
        return Err(format!(
            "there is no event endpoint `{endpoint}`; `strongroom events status` lists them"
        ));
    }
    let found = keys(&mut tx, &endpoint, id.as_deref())
        .await
        .map_err(said)?;
    match id {
        Some(id) if found.is_empty() => Err(format!(
            "`{endpoint}` has no dead letter `{id}`; `strongroom events dead-letters` lists them"
        )),
        _ => Ok(found),
    }
}

/// Changes the rows that are still there, some at a time.
async fn change(
    services: &Services,
    keys: &[Key],
    how: impl Fn(&mut Transaction, &Key, DeadLetter) -> Result<(), StoreError>,
) -> Result<EventsReport, String> {
    let mut changed = 0;
    for keys in keys.chunks(PAGE) {
        let mut tries = 0;
        changed += loop {
            match transact(services, keys, &how).await {
                Ok(changed) => break changed,
                Err(StoreError::Conflict) if tries < TRIES => tries += 1,
                Err(error) => return Err(said(error)),
            }
        };
    }
    Ok(EventsReport::Changed(changed))
}

async fn transact(
    services: &Services,
    keys: &[Key],
    how: &impl Fn(&mut Transaction, &Key, DeadLetter) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    let rows = tx.get_many::<DeadLetters>(keys).await?;
    let mut changed = 0;
    for (key, letter) in keys.iter().zip(rows) {
        if let Some(letter) = letter {
            how(&mut tx, key, letter)?;
            changed += 1;
        }
    }
    tx.commit(Vec::new()).await?;
    Ok(changed)
}
