use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::Arc,
    time::Duration,
};

use strongroom_services::{
    config_rules::Rules,
    events::{Event, Pattern, events_of},
};
use tokio::time::Instant;

use crate::audit::{Follower, LogReader};

/// How often a log is looked at in which nothing was new.
const POLL: Duration = Duration::from_millis(250);

/// Which events an endpoint is told.
#[derive(Debug)]
pub(super) struct Wants {
    pub(super) pattern: Option<Pattern>,
    /// Also those of calls that changed nothing.
    pub(super) read_events: bool,
    /// Rules with endpoints of their own, and whether this is one of them.
    pub(super) rules: HashMap<&'static str, bool>,
}

/// Rules with endpoints of their own, and whether `endpoint` is one of them.
pub(super) fn targets(endpoint: &str, rules: &Rules) -> HashMap<&'static str, bool> {
    let targeted = rules.iter().filter(|rule| !rule.target.is_empty());
    targeted
        .map(|rule| {
            let is_meant = rule.target.iter().any(|target| target == endpoint);
            (rule.rule.name, is_meant)
        })
        .collect()
}

impl Wants {
    fn is_wanted(&self, event: &Event) -> bool {
        let rule = event.rule.as_deref();
        if let Some(is_meant) = rule.and_then(|rule| self.rules.get(rule)) {
            return *is_meant;
        }
        if event.read_only && !self.read_events {
            return false;
        }
        let matches = |pattern: &Pattern| {
            let parsed = serde_json::from_str(&event.text);
            parsed.is_ok_and(|event| pattern.matches(&event))
        };
        self.pattern.as_ref().is_none_or(matches)
    }
}

/// A record, as the events of it that are wanted.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) events: Vec<Event>,
    /// Where the log goes on after it.
    pub(super) after: Follower,
    /// The record's time; empty if it is none.
    pub(super) time: String,
}

/// The records from a place on.
pub(super) struct Feed {
    reader: Arc<LogReader>,
    wants: Arc<Wants>,
    place: Follower,
    ready: VecDeque<Entry>,
    /// When it is looked again.
    next_look: Instant,
}

impl Feed {
    pub(super) fn new(reader: Arc<LogReader>, place: Follower, wants: Arc<Wants>) -> Self {
        Self {
            reader,
            wants,
            place,
            ready: VecDeque::new(),
            next_look: Instant::now(),
        }
    }

    /// Goes on from `place`.
    pub(super) fn rewind(&mut self, place: Follower) {
        self.place = place;
        self.ready.clear();
        self.next_look = Instant::now();
    }

    /// The next record, if there is one yet.
    pub(super) async fn next(&mut self) -> Option<Entry> {
        if self.ready.is_empty() && Instant::now() >= self.next_look {
            match self.read().await {
                Ok(()) => {}
                // It was compressed, or removed, while it was looked for.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot read the audit log for its events; will retry");
                }
            }
            if self.ready.is_empty() {
                self.next_look = Instant::now() + POLL;
            }
        }
        self.ready.pop_front()
    }

    async fn read(&mut self) -> io::Result<()> {
        let (reader, wants) = (Arc::clone(&self.reader), Arc::clone(&self.wants));
        let mut place = self.place;
        let reading = tokio::task::spawn_blocking(move || {
            let records = reader.follow_each(&mut place)?;
            let entries: VecDeque<Entry> = records
                .into_iter()
                .map(|(record, after)| {
                    let mut events = events_of(&record);
                    let time = events.first().map(|event| event.time.clone());
                    events.retain(|event| wants.is_wanted(event));
                    Entry {
                        events,
                        after,
                        time: time.unwrap_or_default(),
                    }
                })
                .collect();
            io::Result::Ok((entries, place))
        });
        let (entries, place) = reading.await.map_err(io::Error::other)??;
        if place.missed() > self.place.missed() {
            tracing::warn!(
                segments = place.missed() - self.place.missed(),
                "retention removed audit segments before an endpoint was told of them"
            );
        }
        self.ready = entries;
        self.place = place;
        Ok(())
    }
}
