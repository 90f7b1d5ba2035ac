//! What an operation is, and the way of a request through one.
//!
//! [`Route::call`] is the way: decode, validate, open one transaction, name
//! the target, authorize, run, commit. The order in which a request can be
//! refused is decided here and nowhere else (`docs/adr/0007`). `call.rs` is the
//! way as all operations go it, compiled once; `begun.rs` is what is compiled
//! for each operation.

mod begun;
mod call;
mod turns;

use std::future::Future;

use serde_json::Value;
use strongroom_store::{Mode, StoreError};
use zeroize::Zeroizing;

use crate::{
    authorize::{Authorized, Keys, Target, authorize},
    cloudtrail::{Category, Event},
    context::{Context, Request, Services},
    protocol::{Head, Http, Message, Protocol, Speak},
    refusal::Refusal,
    shape::{Emit, Shape},
};
use begun::Begun;
use call::Call;
pub use turns::Turns;

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
    type Input: Shape + Send + 'static;
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
    /// Its name in records, if that is another.
    const EVENT: &'static str = Self::NAME;
    /// Whether its records say that nothing can have been changed.
    const READ_ONLY: bool = matches!(Self::MODE, Mode::Read);
    /// What its records are kept under.
    const CATEGORY: Category = Category::Management;

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

    /// What of a request is on record: what the input's members say of
    /// themselves, unless the service writes more than was asked.
    fn request_parameters(input: &Self::Input) -> Option<Value> {
        input.record()
    }

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
    /// The protocol that it speaks.
    type Protocol: Speak;
    /// How it is spoken to.
    const PROTOCOL: Self::Protocol;
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
    protocol: fn() -> Protocol,
    event: fn() -> Event,
    answer_on_record: bool,
    begin: fn(Message<'_>) -> Result<Begun, Refusal>,
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
            protocol: || O::Service::PROTOCOL.into(),
            event: Event::of::<O>,
            answer_on_record: O::ANSWER_ON_RECORD,
            begin: begun::begin::<O>,
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
        let mut call = Call::new(self, services, request);
        call.answer(message.into()).await
    }

    /// Answers a request that is authenticated but cannot be let in now.
    #[must_use]
    pub fn refuse(&self, services: &Services, request: &Request, refusal: Refusal) -> Answer {
        Call::new(self, services, request).refuse(refusal)
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
