//! What an operation is, and the way of a request through one.
//!
//! [`Route::call`] is the way: decode, validate, open one transaction, name
//! the target, authorize, run, commit. The order in which a request can be
//! refused is decided here and nowhere else (`docs/adr/0007`).

use std::{future::Future, pin::Pin};

use serde_json::Value;
use strongroom_store::{Mode, StoreError};
use strongroom_types::Timestamp;
use zeroize::Zeroizing;

use crate::{
    ahead::Ahead,
    authorize::{Authorized, Keys, Target, authorize},
    cloudtrail::{Event, EventTime, Kind},
    context::{Context, Request, Services},
    refusal::Refusal,
    shape::{Emit, OnTheWire, Path, Shape, Violations},
};

/// How often a write that meets conflicts is tried before the client is told
/// to try again itself.
const ATTEMPTS: u32 = 32;

/// One API operation. Each is a file of its own under its service's
/// `operations/`.
pub trait Operation: Sized + 'static {
    /// AWS's name of the operation.
    const NAME: &'static str;
    /// The IAM action that allows it.
    const ACTION: &'static str;
    /// Whether it changes anything.
    const MODE: Mode;
    /// The exceptions it may answer, as AWS's model lists them.
    const ERRORS: &'static [&'static str];
    /// The service it belongs to.
    type Service: Service;
    /// What is asked.
    type Input: Shape + Send;
    /// What is answered.
    type Output: Emit + Send;
    /// What is judged before it runs.
    type Target: Target;

    /// Names what the request is about. Resolves names; does not judge.
    ///
    /// # Errors
    /// When the request names nothing that could exist.
    fn target(
        cx: &mut Context<'_>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Target, ErrorOf<Self>>> + Send;

    /// Condition keys that come from the request's parameters. A parameter
    /// that is absent gives no key: defaults are not filled in.
    fn condition_keys(_: &Self::Input, _: &mut Keys) {}

    /// Actions that must be allowed beside [`Operation::ACTION`].
    fn further_actions(_: &Self::Input) -> &'static [&'static str] {
        &[]
    }

    /// Does it.
    ///
    /// # Errors
    /// Those of [`Operation::ERRORS`]; then nothing is changed.
    fn run(
        cx: &mut Context<'_>,
        target: Authorized<Self::Target>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, ErrorOf<Self>>> + Send;
}

/// An AWS service.
pub trait Service: 'static {
    /// The name in ARNs, scopes and `X-Amz-Target`: `secretsmanager`.
    const NAME: &'static str;
    /// The name in records: `secretsmanager.amazonaws.com`.
    const EVENT_SOURCE: &'static str;
    /// Its errors.
    type Error: ServiceError;
}

/// What the pipeline needs to know of a service's errors.
pub trait ServiceError: From<StoreError> + Send {
    /// The caller may not do this; the text says why, in AWS's words.
    fn denied(message: String) -> Self;

    /// The store's error behind this one, if there is one.
    fn store_error(&self) -> Option<&StoreError>;

    /// The error as it goes on the wire.
    fn refusal(self) -> Refusal;
}

/// The errors of an operation's service.
pub type ErrorOf<O> = <<O as Operation>::Service as Service>::Error;

/// The answer to a call, and what must be on record before it leaves.
pub struct Answer {
    /// The body of a success, or why not.
    pub result: Result<Zeroizing<Vec<u8>>, Refusal>,
    /// The records of the call.
    pub records: Records,
}

/// Where the records of a call are.
pub enum Records {
    /// Committed with the change: durable, and on their way to the log from
    /// the store's outbox.
    Committed,
    /// Nowhere yet. The answer waits until the log has them.
    Pending(Vec<Vec<u8>>),
}

type CallFuture<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// An operation in the table of its service.
pub struct Route {
    /// AWS's name of the operation.
    pub name: &'static str,
    /// The IAM action that allows it.
    pub action: &'static str,
    /// The exceptions it may answer.
    pub errors: &'static [&'static str],
    /// Whether it changes anything.
    pub mode: Mode,
    event_source: &'static str,
    call: for<'a> fn(&'a Services, &'a Request, &'a [u8]) -> CallFuture<'a>,
    input: fn() -> crate::shape::Description,
    output: fn() -> crate::shape::Description,
}

impl Route {
    /// The route to an operation.
    #[must_use]
    pub const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            action: O::ACTION,
            errors: O::ERRORS,
            mode: O::MODE,
            event_source: O::Service::EVENT_SOURCE,
            call: |services, request, body| Box::pin(call::<O>(services, request, body)),
            input: O::Input::describe,
            output: O::Output::describe,
        }
    }

    /// Answers a request that is authenticated and addressed to this
    /// operation. Never fails: a refusal is an answer, with its record.
    pub async fn call(&self, services: &Services, request: &Request, body: &[u8]) -> Answer {
        (self.call)(services, request, body).await
    }

    /// Answers a request that is authenticated but cannot be let in now.
    #[must_use]
    pub fn refuse(&self, services: &Services, request: &Request, refusal: Refusal) -> Answer {
        let now = services.clock.now();
        let event = Event::call(self.event_source, self.name, self.mode == Mode::Read);
        let further = Vec::new();
        Call {
            services,
            request,
            now,
            event,
            further,
            ahead: Ahead::default(),
        }
        .refuse(refusal)
    }

    /// The shapes in data: `input`, `output`, `errors`.
    #[must_use]
    pub fn describe(&self) -> serde_json::Value {
        serde_json::json!({
            "input": (self.input)().to_json().get("members"),
            "output": (self.output)().to_json().get("members"),
            "errors": self.errors,
        })
    }
}

async fn call<O: Operation>(services: &Services, request: &Request, body: &[u8]) -> Answer {
    let now = services.clock.now();
    let event = Event::call(O::Service::EVENT_SOURCE, O::NAME, O::MODE == Mode::Read);
    let mut call = Call {
        services,
        request,
        now,
        event,
        further: Vec::new(),
        ahead: Ahead::default(),
    };
    for _ in 0..ATTEMPTS {
        match call.attempt::<O>(body).await {
            Ok(answer) => return answer,
            Err(Stopped::Conflict) => call.ahead.work().await,
            Err(Stopped::Refused(refusal)) => return call.refuse(refusal),
        }
    }
    call.refuse(Refusal::unavailable(
        "a transaction met conflicts at every attempt",
    ))
}

/// Why an attempt did not lead to an answer.
enum Stopped {
    /// Another transaction came between, or something has to be done ahead: try
    /// again from the start.
    Conflict,
    Refused(Refusal),
}

struct Call<'r> {
    services: &'r Services,
    request: &'r Request,
    now: Timestamp,
    event: Event,
    further: Vec<Event>,
    ahead: Ahead,
}

impl Call<'_> {
    async fn attempt<O: Operation>(&mut self, body: &[u8]) -> Result<Answer, Stopped> {
        let input = decode::<O::Input>(body).map_err(Stopped::Refused)?;
        self.event.request_parameters = input.record().filter(has_members);
        let mut cx = Context::begin(self.services, self.request, self.now, O::MODE)
            .await
            .map_err(|error| Stopped::from(&error))?;
        cx.ahead = std::mem::take(&mut self.ahead);
        let done = run::<O>(&mut cx, input).await;
        let Context {
            tx, events, ahead, ..
        } = cx;
        self.ahead = ahead;
        let output = match done.map_err(stopped) {
            Ok(output) => output,
            Err(why) => {
                self.keep_uses(events);
                return Err(why);
            }
        };

        let body = OnTheWire(&output).to_json();
        let result = Ok(body.map_err(|error| Stopped::Refused(Refusal::unavailable(error)))?);
        if O::MODE == Mode::Read {
            self.further.extend(events);
            return Ok(Answer {
                result,
                records: Records::Pending(self.lines()),
            });
        }
        self.event.response_elements = output.record().filter(has_members);
        let uses = self.further.len();
        self.further.extend(events);
        if let Err(error) = tx.commit(self.lines()).await {
            let events = self.further.split_off(uses);
            self.keep_uses(events);
            return Err(Stopped::from(&error));
        }
        Ok(Answer {
            result,
            records: Records::Committed,
        })
    }

    /// Of an attempt that came to nothing, the uses of keys are still on
    /// record; what the service would have done was not done.
    fn keep_uses(&mut self, events: Vec<Event>) {
        let used = |event: &Event| event.kind == Kind::Forwarded;
        self.further.extend(events.into_iter().filter(used));
    }

    fn refuse(mut self, refusal: Refusal) -> Answer {
        self.event.fail(&refusal);
        Answer {
            records: Records::Pending(self.lines()),
            result: Err(refusal),
        }
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        let time = EventTime::of(self.now);
        let events = std::iter::once(&self.event).chain(&self.further);
        events
            .map(|event| event.record(self.services, self.request, &time))
            .collect()
    }
}

/// Names the target, authorizes, runs: an operation within a call, which may
/// be another operation's call.
pub(crate) async fn run<O: Operation>(
    cx: &mut Context<'_>,
    input: O::Input,
) -> Result<O::Output, ErrorOf<O>> {
    let target = O::target(cx, &input).await?;
    let mut keys = Keys::default();
    O::condition_keys(&input, &mut keys);
    let target: Authorized<_> =
        authorize::<_, ErrorOf<O>>(cx, target, O::ACTION, O::further_actions(&input), &keys)?;
    O::run(cx, target, input).await
}

fn decode<T: Shape>(body: &[u8]) -> Result<T, Refusal> {
    // Clients may leave the body out when there is nothing to say.
    let body = if body.is_empty() { b"{}" } else { body };
    let wire = serde_json::from_slice(body).map_err(|error| serialization(&error))?;
    let mut violations = Violations::default();
    let input = T::admit(wire, &Path::Root, &mut violations);
    violations
        .into_message()
        .map_or(Ok(input), |message| Err(Refusal::validation(message)))
}

/// The parser's own message may quote the value it stumbled over, so only the
/// kind of failure is told.
fn serialization(error: &serde_json::Error) -> Refusal {
    let message = match error.classify() {
        serde_json::error::Category::Data => "The request has a value of the wrong type.",
        _ => "The request is not valid JSON.",
    };
    Refusal::framework("SerializationException", message)
}

fn stopped<E: ServiceError>(error: E) -> Stopped {
    match error.store_error() {
        Some(StoreError::Conflict) => Stopped::Conflict,
        _ => Stopped::Refused(error.refusal()),
    }
}

impl From<&StoreError> for Stopped {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            other => Self::Refused(Refusal::store(other)),
        }
    }
}

fn has_members(record: &Value) -> bool {
    record
        .as_object()
        .is_some_and(|members| !members.is_empty())
}
