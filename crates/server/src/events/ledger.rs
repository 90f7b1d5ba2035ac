use std::{collections::HashSet, sync::Arc};

use strongroom_services::{
    context::Services,
    events::{DeadLetter, Progress},
    tables::{DeadLetters, EventProgress},
};
use strongroom_store::{Mode, StoreError};

use super::figures::Figures;
use crate::audit::{Follower, LogReader};

/// Dead letters of one endpoint. When there are as many, it is told nothing
/// further until some are redelivered or discarded.
pub(super) const MOST_DEAD: usize = 10_000;
/// Rows read at a time.
const PAGE: usize = 256;
/// Dead letters that are sent once more at the same time.
const REDELIVERED: usize = 16;

/// A dead letter's key.
pub(super) type DeadKey = (String, u64, u64, String);

/// What an endpoint was told.
pub(crate) struct Ledger {
    services: Arc<Services>,
    pub(super) name: String,
    place: Follower,
    now: Progress,
    saved: Progress,
    dead: usize,
    /// Dead letters on their way once more.
    redelivered: HashSet<DeadKey>,
    /// What is shown of it.
    pub(super) figures: Arc<Figures>,
}

impl Ledger {
    /// What the endpoint was told before. A new one begins at the end of the
    /// log, or at its beginning.
    pub(crate) async fn open(
        services: &Arc<Services>,
        name: &str,
        reader: &Arc<LogReader>,
        from_oldest: bool,
    ) -> Result<Self, String> {
        let mut tx = services.store.begin(Mode::Read).await.map_err(said)?;
        let key = (name.to_owned(),);
        let known = tx.get::<EventProgress>(&key).await.map_err(said)?;
        let mut ledger = Self {
            services: Arc::clone(services),
            name: name.to_owned(),
            place: Follower::default(),
            now: known.clone().unwrap_or_default(),
            saved: known.clone().unwrap_or_default(),
            dead: 0,
            redelivered: HashSet::new(),
            figures: Arc::default(),
        };
        ledger.dead = ledger.count().await.map_err(said)?;
        let reader = Arc::clone(reader);
        let looking = tokio::task::spawn_blocking(move || match known {
            Some(known) => {
                let place = Follower::new(known.sequence, known.offset);
                Ok((reader.resume(place)?, place))
            }
            None => {
                let place = match from_oldest {
                    true => Follower::default(),
                    false => reader.last(0)?.1,
                };
                Ok((place, place))
            }
        });
        let looked: std::io::Result<_> = looking.await.map_err(said)?;
        let (place, wanted) = looked.map_err(said)?;
        if place != wanted {
            tracing::warn!(
                endpoint = name,
                "the audit log is another, or has lost its end, since an endpoint was told of it: \
                 what it has is told from segment {} on",
                place.sequence()
            );
        }
        ledger.place = place;
        ledger.reached(ledger.place, "");
        ledger.save(None).await;
        Ok(ledger)
    }

    async fn count(&self) -> Result<usize, StoreError> {
        let mut tx = self.services.store.begin(Mode::Read).await?;
        let (mut count, mut after) = (0, None);
        loop {
            let prefix = (self.name.clone(),);
            let page = tx
                .range::<DeadLetters>(prefix, after.as_ref(), PAGE)
                .await?;
            count += page.len();
            match page.into_iter().next_back() {
                Some((key, _)) => after = Some(key),
                None => return Ok(count),
            }
        }
    }

    /// Up to where it is done.
    pub(crate) fn place(&self) -> Follower {
        self.place
    }

    /// It is done up to here, with a record of this time.
    pub(crate) fn reached(&mut self, place: Follower, time: &str) {
        let missed = place.missed().saturating_sub(self.place.missed());
        self.place = place;
        self.now.sequence = place.sequence();
        self.now.offset = place.offset();
        self.now.missed_segments += missed;
        if !time.is_empty() {
            time.clone_into(&mut self.now.event_time);
        }
    }

    /// Whether no further event can be given up.
    pub(super) fn is_full(&self) -> bool {
        self.dead >= MOST_DEAD
    }

    /// Makes durable what is known by now: a second's worth is told again
    /// after a crash.
    pub(crate) async fn save(&mut self, down: Option<(i64, String)>) {
        self.figures
            .note(down.is_some(), self.dead, &self.now.event_time);
        let (since, failure) = down.unzip();
        self.now.failing_since_ms = since;
        self.now.failure = failure;
        if self.now == self.saved {
            return;
        }
        match self.put().await {
            Ok(()) => self.saved = self.now.clone(),
            Err(error) => tracing::warn!(
                %error, endpoint = self.name, "cannot note what an endpoint was told; will retry"
            ),
        }
    }

    async fn put(&self) -> Result<(), StoreError> {
        let mut tx = self.services.store.begin(Mode::Write).await?;
        tx.put::<EventProgress>(&(self.name.clone(),), &self.now)?;
        tx.commit(Vec::new()).await.map(drop)
    }

    /// Keeps an event that was refused for good.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn give_up(
        &mut self,
        key: DeadKey,
        event: String,
        reason: String,
        attempts: u32,
    ) -> Result<(), StoreError> {
        tracing::warn!(
            endpoint = self.name,
            event = key.3,
            reason,
            "an event was given up"
        );
        let letter = DeadLetter {
            event,
            reason,
            attempts,
            given_up_ms: self.services.clock.now().as_millisecond(),
            redeliver: false,
        };
        let mut tx = self.services.store.begin(Mode::Write).await?;
        tx.put::<DeadLetters>(&key, &letter)?;
        tx.commit(Vec::new()).await?;
        self.dead += usize::from(!self.redelivered.remove(&key));
        Ok(())
    }

    /// Dead letters that are to be sent once more and are not on their way.
    pub(super) async fn next_redelivered(
        &mut self,
    ) -> Result<Vec<(DeadKey, DeadLetter)>, StoreError> {
        let mut found = Vec::new();
        if self.dead == 0 {
            return Ok(found);
        }
        let mut tx = self.services.store.begin(Mode::Read).await?;
        let (mut count, mut after) = (0, None);
        loop {
            let prefix = (self.name.clone(),);
            let page = tx
                .range::<DeadLetters>(prefix, after.as_ref(), PAGE)
                .await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            count += page.len();
            let wanted = page
                .into_iter()
                .filter(|(key, letter)| letter.redeliver && !self.redelivered.contains(key));
            found.extend(wanted);
        }
        // The operator discards some too.
        self.dead = count;
        found.truncate(REDELIVERED.saturating_sub(self.redelivered.len()));
        let keys = found.iter().map(|(key, _)| key.clone());
        self.redelivered.extend(keys);
        Ok(found)
    }

    /// A dead letter arrived after all.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn redelivered(&mut self, key: DeadKey) -> Result<(), StoreError> {
        let mut tx = self.services.store.begin(Mode::Write).await?;
        tx.delete::<DeadLetters>(&key)?;
        tx.commit(Vec::new()).await?;
        self.redelivered.remove(&key);
        self.dead = self.dead.saturating_sub(1);
        Ok(())
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
