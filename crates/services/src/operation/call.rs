//! The way of a request through an operation.

use serde_json::{Map, Value};
use strongroom_store::Mode;
use strongroom_types::Timestamp;

use super::{
    Answer, Records, Route,
    begun::{Done, Stopped},
};
use crate::{
    ahead::Ahead,
    cloudtrail::{Event, EventTime, Kind, Recorded},
    context::{Context, Request, Services},
    protocol::{Head, Message},
    refusal::Refusal,
};

/// How often a write that meets conflicts is tried before the client is told
/// to try again itself.
const ATTEMPTS: u32 = 32;

/// How often of these before it takes turns with others that meet them.
const AT_ONCE: u32 = 4;

pub(super) struct Call<'r> {
    route: &'r Route,
    services: &'r Services,
    request: &'r Request,
    now: Timestamp,
    event: Event,
    further: Vec<Event>,
    ahead: Ahead,
}

impl<'r> Call<'r> {
    pub(super) fn new(route: &'r Route, services: &'r Services, request: &'r Request) -> Self {
        Self {
            route,
            services,
            request,
            now: services.clock.now(),
            event: (route.event)(),
            further: Vec::new(),
            ahead: Ahead::default(),
        }
    }

    pub(super) async fn answer(&mut self, message: Message<'_>) -> Answer {
        let (turns, account) = (&self.services.turns, self.request.caller.account);
        for attempt in 0..ATTEMPTS {
            let turn = match attempt {
                ..AT_ONCE => None,
                _ => turns.take(account).await,
            };
            let outcome = self.attempt(message, attempt == 0).await;
            drop(turn);
            match outcome {
                Ok(answer) => return answer,
                Err(Stopped::Conflict) => self.ahead.work().await,
                Err(Stopped::Refused(refusal)) => return self.refuse(refusal),
            }
        }
        self.refuse(Refusal::unavailable(
            "a transaction met conflicts at every attempt",
        ))
    }

    /// The first attempt may use what is kept in memory of secrets.
    async fn attempt(&mut self, message: Message<'_>, is_first: bool) -> Result<Answer, Stopped> {
        let begun = (self.route.begin)(message).map_err(Stopped::Refused)?;
        self.event.request_parameters = begun.parameters.map(Recorded::Value);
        let mode = if self.ahead.writes() {
            Mode::Write
        } else {
            self.route.mode
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
        let done = (begun.run)(&mut cx).await;
        self.event.acting = cx.acting.take();
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
        self.further_parameters(remarks.request_parameters);
        self.event.resources = remarks.resources;
        self.event.owner = remarks.owner;
        self.event.additional_event_data =
            story.or(remarks.additional_event_data).map(Recorded::Value);
        let Done { written, answered } = match done {
            Ok(done) => done,
            Err(why) => {
                self.keep_uses(events);
                return Err(why);
            }
        };
        let (head, body) = written;
        let result = Ok(body);
        if self.route.mode == Mode::Write {
            self.event.response_elements = remarks.response_elements.or(answered);
        } else if self.route.answer_on_record {
            self.event.response_elements = answered;
        }
        if mode == Mode::Read {
            self.tell(events);
            return Ok(Answer {
                result,
                head,
                records: Records::Pending(self.lines()),
            });
        }
        let uses = self.further.len();
        self.tell(events);
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

    fn further_parameters(&mut self, further: Vec<(&'static str, Value)>) {
        if further.is_empty() {
            return;
        }
        let parameters = &mut self.event.request_parameters;
        let parameters = parameters.get_or_insert_with(|| Value::Object(Map::new()).into());
        // INVARIANT: a call's own parameters are a value; only uses of keys have
        // JSON.
        if let Recorded::Value(Value::Object(parameters)) = parameters {
            let further = further.into_iter();
            parameters.extend(further.map(|(name, value)| (name.to_owned(), value)));
        }
    }

    /// What was done further is on record too.
    fn tell(&mut self, events: Vec<Event>) {
        if self.further.is_empty() {
            self.further = events;
        } else {
            self.further.extend(events);
        }
    }

    /// Of an attempt that came to nothing, the uses of keys are still on
    /// record; what the service would have done was not done.
    fn keep_uses(&mut self, events: Vec<Event>) {
        let used = |event: &Event| event.kind == Kind::Forwarded;
        self.further.extend(events.into_iter().filter(used));
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) -> Answer {
        let refusal = (self.route.protocol)().adapt(refusal);
        self.event.fail(&refusal);
        Answer {
            head: Head::default(),
            records: Records::Pending(self.lines()),
            result: Err(refusal),
        }
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        // A record tells when its call was done: a function's may take long.
        let time = EventTime::of(self.services.clock.now());
        let events = std::iter::once(&self.event).chain(&self.further);
        events
            .flat_map(|event| event.records(self.services, self.request, &time))
            .collect()
    }
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
