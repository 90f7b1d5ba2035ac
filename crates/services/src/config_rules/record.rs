//! The rows of findings. Field numbers are for ever.

use crate::secretsmanager::Tag;

/// What a rule found of a resource. Key: account, Region, the resource's id (a
/// secret's ARN, a key's id), the rule's name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Finding {
    /// How it stands.
    #[prost(enumeration = "Compliance", tag = "1")]
    pub status: i32,
    /// Why, in up to 256 characters; of a finding that was resolved, why it was
    /// one.
    #[prost(string, tag = "2")]
    pub annotation: String,
    /// When it was found, in milliseconds since the epoch; zero if it never
    /// was one.
    #[prost(int64, tag = "3")]
    pub first_seen_ms: i64,
    /// When it was last seen, in milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub last_seen_ms: i64,
    /// When it was resolved, in milliseconds since the epoch.
    #[prost(int64, optional, tag = "5")]
    pub resolved_ms: Option<i64>,
    /// The tags that the rule compares with.
    #[prost(message, repeated, tag = "6")]
    pub baseline: Vec<Tag>,
}

/// How a resource stands to a rule, in AWS Config's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Compliance {
    /// It is as it should be.
    Compliant = 0,
    /// It is not.
    NonCompliant = 1,
    /// The rule has nothing to say of it: it is gone, for one.
    NotApplicable = 2,
}

impl Compliance {
    /// `COMPLIANT`, `NON_COMPLIANT`, `NOT_APPLICABLE`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Compliant => "COMPLIANT",
            Self::NonCompliant => "NON_COMPLIANT",
            Self::NotApplicable => "NOT_APPLICABLE",
        }
    }
}
