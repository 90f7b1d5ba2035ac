//! Events as signed HTTP requests, several at a time.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::http::{Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use strongroom_services::{context::Services, events::Event};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Interval, MissedTickBehavior, timeout},
};

use super::{
    feed::{Entry, Feed},
    health::{Health, pause},
    ledger::{DeadKey, Ledger, MOST_DEAD},
    signature::Key,
};
use crate::{audit::Follower, outbound::Peer};

/// Requests of one endpoint at the same time.
const AT_ONCE: usize = 16;
/// Records that may be done with while an earlier one is not.
const AHEAD: usize = 1024;
/// Longest time for a request, from connecting to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest answer that is read to use its connection again, bytes.
const ANSWER_BYTES: usize = 16 << 10;
/// How often the place is saved, and dead letters are looked for.
const TICK: Duration = Duration::from_secs(1);
/// The longest pause that an endpoint may ask for.
const LONGEST_WISH: Duration = Duration::from_secs(300);

/// Where requests go.
pub(super) struct Webhook {
    peer: Peer,
    authority: String,
    path: String,
    key: Key,
    attempts: u32,
    idle: Mutex<Vec<http1::SendRequest<Full<Bytes>>>>,
    health: Health,
    /// Held by whoever tries an endpoint that is down.
    probing: tokio::sync::Mutex<()>,
    /// Whether there is no room for a further dead letter.
    is_full: AtomicBool,
}

/// What is sent.
struct Letter {
    id: String,
    text: String,
}

/// Why it did not arrive.
enum Failure {
    /// The endpoint cannot take anything, for so long if it says so.
    Down(String, Option<Duration>),
    /// It does not take this.
    Refused(String),
}

/// What became of it.
enum Verdict {
    Arrived,
    Refused { reason: String, attempts: u32 },
}

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

impl Webhook {
    pub(super) fn new(url: &Uri, peer: Peer, key: Key, attempts: u32) -> Self {
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let authority = url.authority().map_or("", |authority| authority.as_str());
        Self {
            peer,
            authority: authority.to_owned(),
            path: path.to_owned(),
            key,
            attempts,
            idle: Mutex::default(),
            health: Health::default(),
            probing: tokio::sync::Mutex::default(),
            is_full: AtomicBool::new(false),
        }
    }

    /// Sends until it arrived or was refused as often as it may be. While the
    /// endpoint is down, one of all those who have something to send tries.
    async fn deliver(&self, endpoint: &str, services: &Services, letter: &Letter) -> Verdict {
        let (random, clock) = (services.random.as_ref(), services.clock.as_ref());
        let (mut attempts, mut wish) = (0, None);
        loop {
            let probing = match self.health.is_down() {
                true => Some(self.probing.lock().await),
                false => None,
            };
            // Another may have got through meanwhile.
            if self.health.is_down() {
                let pause = self.health.pause(random);
                tokio::time::sleep(wish.take().unwrap_or(pause).max(pause)).await;
            }
            let sent = timeout(PATIENCE, self.post(services, letter)).await;
            let sent = sent.unwrap_or_else(|_| {
                Err(Failure::Down("it does not answer in time".to_owned(), None))
            });
            match sent {
                Ok(()) => {
                    self.health.succeeded(endpoint);
                    return Verdict::Arrived;
                }
                Err(Failure::Down(why, pause)) => {
                    // Those that fail together fail once.
                    if probing.is_some() || !self.health.is_down() {
                        self.health.failed(endpoint, why, clock);
                    }
                    wish = pause;
                }
                Err(Failure::Refused(reason)) => {
                    attempts += 1;
                    let is_last = attempts >= self.attempts;
                    if is_last && self.is_full.load(Ordering::Relaxed) {
                        let why = format!("it refuses events, and {MOST_DEAD} dead letters wait");
                        self.health.failed(endpoint, why, clock);
                        attempts -= 1;
                        continue;
                    }
                    self.health.succeeded(endpoint);
                    if is_last {
                        return Verdict::Refused { reason, attempts };
                    }
                    drop(probing);
                    tokio::time::sleep(pause(attempts, random)).await;
                }
            }
        }
    }

    async fn post(&self, services: &Services, letter: &Letter) -> Result<(), Failure> {
        let timestamp = services.clock.now().as_second();
        let body = letter.text.as_bytes();
        let request = || {
            Request::post(&self.path)
                .header(header::HOST, &self.authority)
                .header(header::CONTENT_TYPE, "application/json")
                .header(
                    header::USER_AGENT,
                    concat!("strongroom/", env!("CARGO_PKG_VERSION")),
                )
                .header("webhook-id", &letter.id)
                .header("webhook-timestamp", timestamp)
                .header(
                    "webhook-signature",
                    self.key.sign(&letter.id, timestamp, body),
                )
                .body(Full::new(Bytes::copy_from_slice(body)))
                .map_err(|error| Failure::Refused(error.to_string()))
        };
        // One that waited may have been closed: that says nothing of the endpoint.
        if let Some(mut waiting) = self.waiting()
            && let Ok(answer) = waiting.send_request(request()?).await
        {
            return self.judge(answer, waiting).await;
        }
        let down = |why: String| Failure::Down(why, None);
        let stream = self.peer.connect().await.map_err(down)?;
        let opened = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = opened.map_err(|error| down(error.to_string()))?;
        // It ends when the sender is dropped.
        tokio::spawn(connection);
        let answer = sender.send_request(request()?).await;
        let answer = answer.map_err(|error| down(error.to_string()))?;
        self.judge(answer, sender).await
    }

    fn waiting(&self) -> Option<http1::SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        let place = idle.iter().position(http1::SendRequest::is_ready)?;
        Some(idle.swap_remove(place))
    }

    async fn judge(
        &self,
        answer: Response<Incoming>,
        sender: http1::SendRequest<Full<Bytes>>,
    ) -> Result<(), Failure> {
        let (head, body) = answer.into_parts();
        if Limited::new(body, ANSWER_BYTES).collect().await.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < AT_ONCE {
                idle.push(sender);
            }
        }
        let why = format!("it answers with status {}", head.status.as_u16());
        match head.status {
            status if status.is_success() => Ok(()),
            // What says nothing about the event, but about the endpoint.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                let wish = head.headers.get(header::RETRY_AFTER);
                let wish = wish.and_then(|wish| wish.to_str().ok()?.parse().ok());
                let wish = wish.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WISH));
                Err(Failure::Down(why, wish))
            }
            _ => Err(Failure::Refused(why)),
        }
    }
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
        match self.ledger.to_redeliver().await {
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
