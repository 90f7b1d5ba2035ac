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
    protocol::{Head, Http, Message, Protocol},
    refusal::Refusal,
    shape::{Emit, Shape},
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

    /// Whether requests must be signed. Those that are not come from
    /// [`Caller::anonymous`](crate::iam::Caller::anonymous).
    const SIGNED: bool = true;
    /// Whether what is answered is on record although nothing is changed, as
    /// with credentials.
    const ANSWER_ON_RECORD: bool = false;
    /// Where the REST protocol puts it, if the service speaks that.
    const HTTP: Option<Http> = None;

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
    /// The name in ARNs and credential scopes: `secretsmanager`.
    const NAME: &'static str;
    /// The name in records: `secretsmanager.amazonaws.com`.
    const EVENT_SOURCE: &'static str;
    /// How it is spoken to.
    const PROTOCOL: Protocol;
    /// Which Regions' endpoints it has.
    const ENDPOINTS: Endpoints = Endpoints::Regional;
    /// Its errors.
    type Error: ServiceError;

    /// The refusal of a request that breaks the model's constraints, for
    /// services that have an exception of their own for it.
    #[must_use]
    fn unreadable(refusal: Refusal) -> Refusal {
        refusal
    }
}

/// Where a service is reached: what its requests may be signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoints {
    /// In each Region, and globally in the partition's first: STS.
    Both,
    /// Globally: IAM, Organizations.
    Global,
    /// In each Region.
    Regional,
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
    /// Status and headers of a success.
    pub head: Head,
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
    /// Whether requests must be signed.
    pub signed: bool,
    /// Where the REST protocol puts it.
    pub http: Option<Http>,
    protocol: Protocol,
    event_source: &'static str,
    call: for<'a> fn(&'a Services, &'a Request, Message<'a>) -> CallFuture<'a>,
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
            signed: O::SIGNED,
            http: O::HTTP,
            protocol: O::Service::PROTOCOL,
            event_source: O::Service::EVENT_SOURCE,
            call: |services, request, message| Box::pin(call::<O>(services, request, message)),
            input: O::Input::describe,
            output: O::Output::describe,
        }
    }

    /// Answers a request that is authenticated and addressed to this
    /// operation. Never fails: a refusal is an answer, with its record.
    pub async fn call<'a>(
        &self,
        services: &'a Services,
        request: &'a Request,
        message: impl Into<Message<'a>>,
    ) -> Answer {
        (self.call)(services, request, message.into()).await
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
        .refuse(self.protocol, refusal)
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

async fn call<O: Operation>(
    services: &Services,
    request: &Request,
    message: Message<'_>,
) -> Answer {
    let protocol = O::Service::PROTOCOL;
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
    for attempt in 0..ATTEMPTS {
        match call.attempt::<O>(message, attempt == 0).await {
            Ok(answer) => return answer,
            Err(Stopped::Conflict) => call.ahead.work().await,
            Err(Stopped::Refused(refusal)) => return call.refuse(protocol, refusal),
        }
    }
    let refusal = Refusal::unavailable("a transaction met conflicts at every attempt");
    call.refuse(protocol, refusal)
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
    /// The first attempt may use what is kept in memory of secrets.
    async fn attempt<O: Operation>(
        &mut self,
        message: Message<'_>,
        is_first: bool,
    ) -> Result<Answer, Stopped> {
        let (protocol, http) = (O::Service::PROTOCOL, O::HTTP);
        let input = protocol.read::<O::Input>(http.as_ref(), message);
        let unreadable = O::Service::unreadable;
        let input = input.map_err(|refusal| Stopped::Refused(unreadable(refusal)))?;
        self.event.request_parameters = input.record().filter(has_members);
        let mode = if self.ahead.writes() {
            Mode::Write
        } else {
            O::MODE
        };
        let mut cx = Context::begin(self.services, self.request, self.now, mode)
            .await
            .map_err(|error| Stopped::from(&error))?;
        cx.ahead = std::mem::take(&mut self.ahead);
        if !is_first {
            cx.generations.secrets = None;
        }
        // Its credentials are as good as deleted.
        let closed = cx.bearing(self.request.caller.account);
        if closed.is_some_and(|bearing| bearing.closed) {
            self.ahead = cx.ahead;
            return Err(Stopped::Refused(Refusal::invalid_token()));
        }
        let done = run::<O>(&mut cx, input).await;
        self.event.acting = cx.acting.take();
        let done = done.map_err(stopped);
        let story = match &done {
            Err(Stopped::Refused(refusal)) => told(&cx, refusal),
            _ => None,
        };
        let Context {
            tx,
            events,
            ahead,
            remarks,
            ..
        } = cx;
        self.ahead = ahead;
        self.event.resources = remarks.resources;
        self.event.owner = remarks.owner;
        self.event.additional_event_data = story.or(remarks.additional_event_data);
        let output = match done {
            Ok(output) => output,
            Err(why) => {
                self.keep_uses(events);
                return Err(why);
            }
        };

        let written = protocol.write(http.as_ref(), O::NAME, &self.request.id, &output);
        let (head, body) = written.map_err(Stopped::Refused)?;
        let result = Ok(body);
        if O::ANSWER_ON_RECORD {
            self.event.response_elements = output.record().filter(has_members);
        }
        if mode == Mode::Read {
            self.further.extend(events);
            return Ok(Answer {
                result,
                head,
                records: Records::Pending(self.lines()),
            });
        }
        if O::MODE == Mode::Write {
            let answered = output.record().filter(has_members);
            self.event.response_elements = answered.or(remarks.response_elements);
        }
        let uses = self.further.len();
        self.further.extend(events);
        if let Err(error) = tx.commit(self.lines()).await {
            let events = self.further.split_off(uses);
            self.keep_uses(events);
            return Err(Stopped::from(&error));
        }
        let rotation = self.services.secrets.rotation();
        rotation.outcomes().note(&self.further);
        Ok(Answer {
            result,
            head,
            records: Records::Committed,
        })
    }

    /// Of an attempt that came to nothing, the uses of keys are still on
    /// record; what the service would have done was not done.
    fn keep_uses(&mut self, events: Vec<Event>) {
        let used = |event: &Event| event.kind == Kind::Forwarded;
        self.further.extend(events.into_iter().filter(used));
    }

    fn refuse(mut self, protocol: Protocol, refusal: Refusal) -> Answer {
        let refusal = protocol.adapt(refusal);
        self.event.fail(&refusal);
        Answer {
            head: Head::default(),
            records: Records::Pending(self.lines()),
            result: Err(refusal),
        }
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        let time = EventTime::of(self.now);
        let events = std::iter::once(&self.event).chain(&self.further);
        events
            .flat_map(|event| event.records(self.services, self.request, &time))
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
    let owner = target.account();
    let target: Authorized<_> =
        authorize::<_, ErrorOf<O>>(cx, target, O::ACTION, O::further_actions(&input), &keys)?;
    // Only now: who is not let in writes nothing on another account's trail.
    cx.remarks.owner = owner;
    O::run(cx, target, input).await
}

/// Of a denial the whole story, sealed, for its record.
fn told(cx: &Context<'_>, refusal: &Refusal) -> Option<Value> {
    if !matches!(refusal.code, "AccessDenied" | "AccessDeniedException") {
        return None;
    }
    let denial = cx.denial.lock();
    let denial = denial.unwrap_or_else(std::sync::PoisonError::into_inner);
    let sealed = denial.as_ref()?.sealed(cx);
    Some(serde_json::json!({"encodedAuthorizationMessage": sealed}))
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
