//! Several events on their way to a webhook at a time.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use strongroom_services::{context::Services, events::Event};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Interval, MissedTickBehavior},
};

use super::{
    feed::{Entry, Feed},
    ledger::{DeadKey, Ledger},
    webhook::{AT_ONCE, Letter, Verdict, Webhook},
};
use crate::audit::Follower;

/// Records that may be done with while an earlier one is not.
const AHEAD: usize = 1024;
/// How often the place is saved, and dead letters are looked for.
const TICK: Duration = Duration::from_secs(1);

/// A record whose events are on their way.
struct Slot {
    after: Follower,
    time: String,
    left: usize,
}

/// Where an event that was sent comes from.
enum Origin {
    /// The slot with this number.
    Log(u64),
    Dead,
}

/// An event that was sent.
struct Sent {
    origin: Origin,
    key: DeadKey,
    letter: Letter,
    verdict: Verdict,
}

/// Tells a webhook of events until `stop`.
pub(super) async fn run(
    hook: Arc<Webhook>,
    services: Arc<Services>,
    feed: Feed,
    ledger: Ledger,
    mut stop: watch::Receiver<bool>,
) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut delivery = Delivery {
        hook,
        services,
        feed,
        ledger,
        slots: VecDeque::new(),
        first: 0,
        sending: JoinSet::new(),
    };
    tokio::select! {
        () = delivery.go_on(&mut ticks) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    // What is on its way is told again at the next start.
    delivery.sending.shutdown().await;
    delivery.save().await;
}

struct Delivery {
    hook: Arc<Webhook>,
    services: Arc<Services>,
    feed: Feed,
    ledger: Ledger,
    /// Records in their order, the first of which is not done with.
    slots: VecDeque<Slot>,
    /// The number of the first slot.
    first: u64,
    sending: JoinSet<Sent>,
}

impl Delivery {
    async fn go_on(&mut self, ticks: &mut Interval) {
        loop {
            while self.sending.len() < AT_ONCE && self.slots.len() < AHEAD {
                match self.feed.next().await {
                    Some(entry) => self.begin(entry),
                    None => break,
                }
            }
            let look = tokio::time::sleep(Duration::from_millis(100));
            tokio::select! {
                Some(ended) = self.sending.join_next() => match ended {
                    Ok(sent) => self.end(sent).await,
                    Err(error) => tracing::error!(%error, "sending an event broke off"),
                },
                _ = ticks.tick() => {
                    self.save().await;
                    self.redeliver().await;
                }
                () = look => {}
            }
        }
    }

    fn begin(&mut self, entry: Entry) {
        let number = self.first + self.slots.len() as u64;
        let place = entry.after;
        self.slots.push_back(Slot {
            after: place,
            time: entry.time,
            left: entry.events.len(),
        });
        for Event { id, text, .. } in entry.events {
            let key = (
                self.ledger.name.clone(),
                place.sequence(),
                place.offset(),
                id.clone(),
            );
            self.send(Origin::Log(number), key, Letter { id, text });
        }
        self.advance();
    }

    fn send(&mut self, origin: Origin, key: DeadKey, letter: Letter) {
        let (hook, services) = (Arc::clone(&self.hook), Arc::clone(&self.services));
        self.sending.spawn(async move {
            let verdict = hook.deliver(&key.0, &services, &letter).await;
            Sent {
                origin,
                key,
                letter,
                verdict,
            }
        });
    }

    async fn end(&mut self, sent: Sent) {
        let Sent {
            origin,
            key,
            letter,
            verdict,
        } = sent;
        let noted = match (&verdict, &origin) {
            (Verdict::Arrived, Origin::Log(_)) => Ok(()),
            (Verdict::Arrived, Origin::Dead) => self.ledger.redelivered(key.clone()).await,
            (Verdict::Refused { reason, attempts }, _) => {
                let (text, reason) = (letter.text.clone(), reason.clone());
                self.ledger
                    .give_up(key.clone(), text, reason, *attempts)
                    .await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(%error, endpoint = key.0, "cannot note what became of an event");
            self.send(origin, key, letter);
            return;
        }
        self.hook
            .is_full
            .store(self.ledger.is_full(), Ordering::Relaxed);
        if let Origin::Log(number) = origin {
            let place = usize::try_from(number - self.first).unwrap_or(usize::MAX);
            if let Some(slot) = self.slots.get_mut(place) {
                slot.left = slot.left.saturating_sub(1);
            }
            self.advance();
        }
    }

    /// Moves past the records that are done with.
    fn advance(&mut self) {
        while let Some(slot) = self.slots.pop_front_if(|slot| slot.left == 0) {
            self.ledger.reached(slot.after, &slot.time);
            self.first += 1;
        }
    }

    async fn save(&mut self) {
        self.ledger.save(self.hook.health.down()).await;
    }

    async fn redeliver(&mut self) {
        match self.ledger.next_redelivered().await {
            Ok(found) => {
                for (key, letter) in found {
                    let id = key.3.clone();
                    let text = letter.event;
                    self.send(Origin::Dead, key, Letter { id, text });
                }
            }
            Err(error) => tracing::warn!(%error, "cannot look for dead letters; will retry"),
        }
        self.hook
            .is_full
            .store(self.ledger.is_full(), Ordering::Relaxed);
    }
}
