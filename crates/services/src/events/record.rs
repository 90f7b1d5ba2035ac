//! The rows that say how far somebody was told. Field numbers are for ever.

/// How far into the audit log somebody has come. Key: the name of whoever
/// follows it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Progress {
    /// The segment.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    /// Bytes of it that are done with.
    #[prost(uint64, tag = "2")]
    pub offset: u64,
    /// `eventTime` of the last record that is done with.
    #[prost(string, tag = "3")]
    pub event_time: String,
    /// Milliseconds since the epoch, since when nothing gets through.
    #[prost(int64, optional, tag = "4")]
    pub failing_since_ms: Option<i64>,
    /// Why nothing gets through, in words that hold no secret.
    #[prost(string, optional, tag = "5")]
    pub failure: Option<String>,
    /// Segments that retention removed before they were read.
    #[prost(uint64, tag = "6")]
    pub missed_segments: u64,
}

/// How far the audit log had come, so that it is missed if it is gone.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LogReach {
    /// The segment.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    /// Its records so far.
    #[prost(uint64, tag = "2")]
    pub records: u64,
    /// The hash of the last, in hexadecimal.
    #[prost(string, tag = "3")]
    pub chain: String,
    /// When that was signed, RFC 3339.
    #[prost(string, tag = "4")]
    pub time: String,
    /// What was lost before, and is accepted as lost.
    #[prost(message, repeated, tag = "5")]
    pub accepted: Vec<AcceptedLoss>,
}

/// Records that are gone from the audit log, which somebody knows of.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct AcceptedLoss {
    /// When it was accepted, RFC 3339.
    #[prost(string, tag = "1")]
    pub time: String,
    /// What `audit verify` called the place: a segment, or the kept head.
    #[prost(string, tag = "2")]
    pub file: String,
    /// In the operator's words.
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// An event that an endpoint refused until it was given up. Key: the
/// endpoint's name, segment and offset after its record, the event's id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct DeadLetter {
    /// What would have been sent.
    #[prost(string, tag = "1")]
    pub event: String,
    /// Why it was refused the last time.
    #[prost(string, tag = "2")]
    pub reason: String,
    /// How often it was sent.
    #[prost(uint32, tag = "3")]
    pub attempts: u32,
    /// Milliseconds since the epoch, when it was given up.
    #[prost(int64, tag = "4")]
    pub given_up_ms: i64,
    /// Whether it is to be sent once more.
    #[prost(bool, tag = "5")]
    pub redeliver: bool,
}
