//! That records of the log were lost, and that its operator knows.

use serde_json::{Map, Value, json};

use super::{CloudTrail, Event, Kind};
use crate::{context::Home, events::LogReach, operation::Service as _};

/// What was lost of the log, who accepts that, and why.
#[derive(Debug)]
pub struct Loss<'a> {
    /// In the operator's words.
    pub reason: &'a str,
    /// The places where records are missing, as `audit verify` names them.
    pub places: &'a [String],
    /// How far the log had come as far as anybody knows.
    pub noted: Option<&'a LogReach>,
    /// Where it goes on.
    pub reached: &'a LogReach,
    /// The user of the machine who says so.
    pub operator: Value,
}

impl Loss<'_> {
    /// The service event that records it, on the trail of `home`.
    #[must_use]
    pub fn event(&self, home: Home) -> Event {
        let mut extra = Map::new();
        extra.insert("reason".to_owned(), self.reason.into());
        extra.insert("operator".to_owned(), self.operator.clone());
        extra.insert("lost".to_owned(), self.places.into());
        if let Some(noted) = self.noted {
            extra.insert("hadReached".to_owned(), place(noted));
        }
        extra.insert("goesOnFrom".to_owned(), place(self.reached));
        Event {
            additional_event_data: Some(Value::from(extra).into()),
            kind: Kind::ServiceEvent(CloudTrail::EVENT_SOURCE, None, home),
            ..Event::call(CloudTrail::EVENT_SOURCE, "LogLossAccepted", false)
        }
    }
}

fn place(reach: &LogReach) -> Value {
    json!({
        "segment": reach.sequence,
        "records": reach.records,
        "chain": reach.chain,
        "signedAt": reach.time,
    })
}
