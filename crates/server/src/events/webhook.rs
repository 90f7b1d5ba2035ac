//! Events as signed HTTP requests.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::http::{Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use strongroom_services::context::Services;
use tokio::time::timeout;

use super::{
    health::{Health, pause},
    ledger::MOST_DEAD,
    signature::Key,
};
use crate::outbound::Peer;

/// Requests of one endpoint at the same time.
pub(super) const AT_ONCE: usize = 16;
/// Longest time for a request, from connecting to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest answer that is read to use its connection again, bytes.
const ANSWER_BYTES: usize = 16 << 10;
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
    pub(super) health: Health,
    /// Held by whoever tries an endpoint that is down.
    probing: tokio::sync::Mutex<()>,
    /// Whether there is no room for a further dead letter.
    pub(super) is_full: AtomicBool,
}

/// What is sent.
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) text: String,
}

/// Why it did not arrive.
enum Failure {
    /// The endpoint cannot take anything, for so long if it says so.
    Down(String, Option<Duration>),
    /// It does not take this.
    Refused(String),
}

/// What became of it.
pub(super) enum Verdict {
    Arrived,
    Refused { reason: String, attempts: u32 },
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
    pub(super) async fn deliver(
        &self,
        endpoint: &str,
        services: &Services,
        letter: &Letter,
    ) -> Verdict {
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
