use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::{Authorized, NoResource},
    cloudtrail::{
        CloudTrail,
        error::{Error, Result},
        history::{Attribute, Lookup, Place},
        summary::Summary,
    },
    context::Context,
    operation::Operation,
    secretsmanager::page_token::{Cursor, Listing},
    shape::{Description, Input, Output, Path, Shape, Violations, enumeration},
};

/// Events on a page when the request does not say.
const PAGE: usize = 50;
/// How long events can be looked up, in seconds. They are kept longer.
///
/// Source: CloudTrail API Reference, LookupEvents.
const HISTORY_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Looks up the events of the caller's account in the endpoint's Region, the
/// newest first.
///
/// Source: CloudTrail API Reference, LookupEvents.
pub struct LookupEvents;

/// Which events.
#[derive(Input)]
pub struct LookupEventsInput {
    /// What they must have: at most one attribute.
    pub lookup_attributes: Option<Vec<LookupAttribute>>,
    /// Not before.
    pub start_time: Option<EpochSeconds>,
    /// Not after.
    pub end_time: Option<EpochSeconds>,
    /// Insights instead of management events. There are none.
    pub event_category: Option<EventCategory>,
    /// Events on a page: 1 to 50, 50 when absent.
    #[shape(range(1, 50))]
    pub max_results: Option<i64>,
    /// Where the page begins: the `NextToken` of the page before.
    #[shape(unrecorded)]
    pub next_token: Option<String>,
}

/// An attribute and its value, which must be the same letter by letter.
#[derive(Input)]
pub struct LookupAttribute {
    /// Which attribute.
    pub attribute_key: LookupAttributeKey,
    /// Its value.
    #[shape(length(1, 2000))]
    pub attribute_value: String,
}

enumeration! {
    /// By what events are looked up.
    pub enum LookupAttributeKey {
        EventId = "EventId",
        EventName = "EventName",
        ReadOnly = "ReadOnly",
        Username = "Username",
        ResourceType = "ResourceType",
        ResourceName = "ResourceName",
        EventSource = "EventSource",
        AccessKeyId = "AccessKeyId",
    }
}

enumeration! {
    /// Categories beside management events.
    pub enum EventCategory {
        Insight = "insight",
    }
}

/// A time as AWS JSON has it: seconds since the epoch, with decimals or not.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct EpochSeconds(f64);

impl Shape for EpochSeconds {
    type Wire = Self;

    fn admit(wire: Self, _: &Path<'_>, _: &mut Violations) -> Self {
        wire
    }

    fn absent() -> Self {
        Self::default()
    }

    /// As CloudTrail writes dates of requests.
    fn record(&self) -> Option<Value> {
        let time = Timestamp::from_second(self.second()).ok()?;
        let text = time.strftime("%b %-d, %Y, %-I:%M:%S %p");
        Some(Value::String(text.to_string()))
    }

    fn describe() -> Description {
        Description::leaf("timestamp")
    }
}

impl EpochSeconds {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of floats saturates"
    )]
    fn second(self) -> i64 {
        self.0.floor() as i64
    }
}

/// A page of events.
#[derive(Output)]
pub struct LookupEventsOutput {
    /// The events, the newest first.
    pub events: Option<Vec<Event>>,
    /// Asks for the next page, if there may be one.
    pub next_token: Option<String>,
}

/// An event.
#[derive(Output)]
pub struct Event {
    /// Its id.
    pub event_id: Option<String>,
    /// The operation or service event.
    pub event_name: Option<String>,
    /// `true` or `false`.
    pub read_only: Option<String>,
    /// The access key that signed.
    pub access_key_id: Option<String>,
    /// When it happened.
    pub event_time: Option<Timestamp>,
    /// The service.
    pub event_source: Option<String>,
    /// The user's or session's name.
    pub username: Option<String>,
    /// The resources.
    pub resources: Option<Vec<Resource>>,
    /// The whole record, in JSON.
    pub cloud_trail_event: Option<String>,
}

/// A resource of an event.
#[derive(Output)]
pub struct Resource {
    /// Its type.
    pub resource_type: Option<String>,
    /// Its name or ARN.
    pub resource_name: Option<String>,
}

impl Operation for LookupEvents {
    const NAME: &'static str = "LookupEvents";
    const ACTION: &'static str = "cloudtrail:LookupEvents";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidLookupAttributesException",
        "InvalidTimeRangeException",
        "InvalidMaxResultsException",
        "InvalidNextTokenException",
        "InvalidEventCategoryException",
        "UnsupportedOperationException",
        "OperationNotPermittedException",
    ];
    type Service = CloudTrail;
    type Input = LookupEventsInput;
    type Output = LookupEventsOutput;
    type Target = NoResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let home = cx.home();
        let tokens = cx.services.secrets.page_tokens();
        let listing = Listing::new(Self::NAME, &home, input.record());
        let mut attributes = input.lookup_attributes.unwrap_or_default();
        let attribute = attributes.pop();
        if !attributes.is_empty() {
            return Err(Error::LookupAttributes);
        }
        let (start, end) = (input.start_time, input.end_time);
        let (start, end) = (
            start.map(EpochSeconds::second),
            end.map(EpochSeconds::second),
        );
        if start.zip(end).is_some_and(|(start, end)| start > end) {
            return Err(Error::TimeRange);
        }
        let before = match &input.next_token {
            Some(token) => Some(
                tokens
                    .open(&listing, token)
                    .and_then(|cursor| place(&cursor))
                    .ok_or(Error::NextToken)?,
            ),
            None => None,
        };
        if input.event_category.is_some() {
            return Ok(LookupEventsOutput {
                events: Some(Vec::new()),
                next_token: None,
            });
        }
        let oldest = cx.now.as_second().saturating_sub(HISTORY_SECONDS);
        let limit = input
            .max_results
            .and_then(|most| usize::try_from(most).ok());
        let lookup = Lookup {
            account: home.account,
            region: home.region,
            attribute: attribute.map(|it| (it.attribute_key.into(), it.attribute_value)),
            start: Some(start.unwrap_or(oldest).max(oldest)),
            end,
            before,
            limit: limit.unwrap_or(PAGE),
        };
        let history = std::sync::Arc::clone(&cx.services.history);
        let name = format!("{lookup:?}");
        let found = cx.ahead(name, || async move { history.lookup(lookup).await })?;
        let page = found.as_ref().as_ref();
        let page = page.map_err(|why| Error::Unavailable(why.clone()))?;
        Ok(LookupEventsOutput {
            events: Some(page.records.iter().filter_map(|it| event(it)).collect()),
            next_token: page.next.map(|next| tokens.write(&listing, &cursor(next))),
        })
    }
}

fn event(record: &[u8]) -> Option<Event> {
    let summary = Summary::of(record)?;
    let resources = summary.resources.into_iter();
    Some(Event {
        event_id: Some(summary.event_id.into_owned()),
        event_name: Some(summary.event_name.into_owned()),
        read_only: Some(summary.read_only.to_string()),
        access_key_id: summary.access_key_id.map(Cow::into_owned),
        event_time: Some(summary.time),
        event_source: Some(summary.event_source.into_owned()),
        username: summary.username.map(Cow::into_owned),
        resources: Some(
            resources
                .map(|(kind, name)| Resource {
                    resource_type: Some(kind.to_owned()),
                    resource_name: Some(name.into_owned()),
                })
                .collect(),
        ),
        cloud_trail_event: Some(String::from_utf8_lossy(record).into_owned()),
    })
}

fn cursor(place: Place) -> Cursor {
    Cursor {
        value: i64::try_from(place.segment).ok(),
        name: place.record.to_string(),
    }
}

fn place(cursor: &Cursor) -> Option<Place> {
    Some(Place {
        segment: u64::try_from(cursor.value?).ok()?,
        record: cursor.name.parse().ok()?,
    })
}

impl From<LookupAttributeKey> for Attribute {
    fn from(key: LookupAttributeKey) -> Self {
        match key {
            LookupAttributeKey::EventId => Self::EventId,
            LookupAttributeKey::EventName => Self::EventName,
            LookupAttributeKey::ReadOnly => Self::ReadOnly,
            LookupAttributeKey::Username => Self::Username,
            LookupAttributeKey::ResourceType => Self::ResourceType,
            LookupAttributeKey::ResourceName => Self::ResourceName,
            LookupAttributeKey::EventSource => Self::EventSource,
            LookupAttributeKey::AccessKeyId => Self::AccessKeyId,
        }
    }
}
