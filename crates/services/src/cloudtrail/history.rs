//! What the trail's service needs of whoever keeps the records.

use std::{fmt, future::Future, pin::Pin};

use strongroom_types::{AccountId, Region, Timestamp};

/// Finds records that were written. The audit log is one.
pub trait EventHistory: Send + Sync {
    /// The records that match, the newest first.
    fn lookup(&self, lookup: Lookup) -> Pin<Box<dyn Future<Output = Found> + Send>>;

    /// How the log is doing.
    fn status(&self) -> Status;
}

/// What is looked up, or why it could not be: a sentence for the operator.
pub type Found = Result<Page, String>;

/// Which records.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The account whose trail it is.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// What they must have, exactly.
    pub attribute: Option<(Attribute, String)>,
    /// Not before this second.
    pub start: Option<i64>,
    /// Not after this second.
    pub end: Option<i64>,
    /// Only records from before this place.
    pub before: Option<Place>,
    /// How many at most.
    pub limit: usize,
}

/// By what records can be looked up.
///
/// Source: CloudTrail API Reference, LookupAttribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The access key that signed.
    AccessKeyId,
    /// The record's id.
    EventId,
    /// The operation.
    EventName,
    /// The service.
    EventSource,
    /// `true` or `false`.
    ReadOnly,
    /// The name of a resource.
    ResourceName,
    /// The type of a resource.
    ResourceType,
    /// The user's or session's name.
    Username,
}

/// Where a record is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The segment.
    pub segment: u64,
    /// The record in it, from 0.
    pub record: u32,
}

impl Place {
    /// After all records of a segment.
    #[must_use]
    pub fn end_of(segment: u64) -> Self {
        Self {
            segment,
            record: u32::MAX,
        }
    }
}

/// Some of the records that match.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The records, one JSON object each, the newest first. May be none although
    /// there are more.
    pub records: Vec<Vec<u8>>,
    /// Where the next page goes on ([`Lookup::before`]), if there may be more.
    pub next: Option<Place>,
}

/// How the log is doing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status {
    /// Whether records can be written.
    pub is_writable: bool,
    /// When the oldest segment that is kept was begun.
    pub started: Option<Timestamp>,
    /// When the newest segment was last written to.
    pub latest: Option<Timestamp>,
    /// When a digest was last signed.
    pub latest_digest: Option<Timestamp>,
}

/// No records at all: of a store that is only inspected.
#[derive(Clone, Copy, Debug)]
pub struct NoHistory;

impl EventHistory for NoHistory {
    fn lookup(&self, _: Lookup) -> Pin<Box<dyn Future<Output = Found> + Send>> {
        Box::pin(std::future::ready(Ok(Page::default())))
    }

    fn status(&self) -> Status {
        Status::default()
    }
}

impl fmt::Debug for dyn EventHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventHistory")
    }
}
