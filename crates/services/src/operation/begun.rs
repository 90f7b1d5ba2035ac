//! A request that has been read, without the type of its operation.

use std::pin::Pin;

use serde_json::Value;
use strongroom_store::{Mode, StoreError};

use super::{Operation, Service, ServiceError, run};
use crate::{
    context::Context,
    protocol::{Message, Speak as _, Written},
    refusal::Refusal,
    shape::Emit as _,
};

/// A request that can be run.
pub(super) struct Begun {
    /// Its parameters as a record has them.
    pub(super) parameters: Option<Value>,
    /// Authorizes and runs it.
    pub(super) run: Run,
}

type Run = Box<dyn for<'c> FnOnce(&'c mut Context<'_>) -> Running<'c> + Send>;
type Running<'c> = Pin<Box<dyn Future<Output = Result<Done, Stopped>> + Send + 'c>>;

/// What an operation came to.
pub(super) struct Done {
    pub(super) written: Written,
    /// The answer as a record has it, where it is on record.
    pub(super) answered: Option<Value>,
}

/// Why an attempt did not lead to an answer.
pub(super) enum Stopped {
    /// Another transaction came between, or something has to be done ahead: try
    /// again from the start.
    Conflict,
    Refused(Refusal),
}

/// Reads and validates what an operation is asked.
pub(super) fn begin<O: Operation>(message: Message<'_>) -> Result<Begun, Refusal> {
    let read = O::Service::PROTOCOL.read::<O::Input>(O::HTTP.as_ref(), message);
    let input = read.map_err(O::Service::unreadable)?;
    Ok(Begun {
        parameters: O::request_parameters(&input).filter(has_members),
        run: Box::new(move |cx| Box::pin(done::<O>(cx, input))),
    })
}

async fn done<O: Operation>(cx: &mut Context<'_>, input: O::Input) -> Result<Done, Stopped> {
    let output = run::<O>(cx, input).await.map_err(stopped)?;
    let written = O::Service::PROTOCOL.write(O::HTTP.as_ref(), O::NAME, &cx.request.id, &output);
    let is_on_record = O::MODE == Mode::Write || O::ANSWER_ON_RECORD;
    let answered = is_on_record.then(|| output.record()).flatten();
    Ok(Done {
        written: written.map_err(Stopped::Refused)?,
        answered: answered.filter(has_members),
    })
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
