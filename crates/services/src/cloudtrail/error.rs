//! CloudTrail's errors, named as AWS names them.

use std::borrow::Cow;

use strongroom_store::StoreError;

use crate::{operation::ServiceError, refusal::Refusal};

/// The result of what may be refused by CloudTrail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why CloudTrail refuses a request.
///
/// Source: CloudTrail API Reference, "Errors" of each operation.
#[derive(Debug)]
pub enum Error {
    /// The caller may not do this.
    AccessDenied(String),
    /// More than one attribute.
    LookupAttributes,
    /// The page token is not of this query.
    NextToken,
    /// The ARN is none of a trail.
    TrailArn(String),
    /// The name can be none of a trail.
    TrailName,
    /// There is no such trail; its ARN or name and the account.
    TrailNotFound(String, String),
    /// The start lies after the end.
    TimeRange,
    /// The log cannot be read: a sentence for the operator.
    Unavailable(String),
    /// The store could not be read.
    Store(StoreError),
}

impl ServiceError for Error {
    fn denied(message: String) -> Self {
        Self::AccessDenied(message)
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn refusal(self) -> Refusal {
        let modelled = |code, text: Cow<'static, str>| Refusal::modelled(code, text);
        match self {
            Self::AccessDenied(text) => modelled("AccessDeniedException", text.into()),
            Self::LookupAttributes => modelled(
                "InvalidLookupAttributesException",
                "Only one lookup attribute can be specified.".into(),
            ),
            Self::NextToken => modelled("InvalidNextTokenException", "Invalid token.".into()),
            Self::TrailArn(arn) => modelled(
                "CloudTrailARNInvalidException",
                format!("Invalid ARN: {arn}").into(),
            ),
            Self::TrailName => modelled(
                "InvalidTrailNameException",
                "Trail name must meet the following requirements: contain only ASCII letters \
                 (a-z, A-Z), numbers (0-9), periods (.), underscores (_), or dashes (-); start \
                 with a letter or number, and end with a letter or number; be between 3 and 128 \
                 characters."
                    .into(),
            ),
            Self::TrailNotFound(trail, account) => modelled(
                "TrailNotFoundException",
                format!("Unknown trail: {trail} for the user: {account}").into(),
            ),
            Self::TimeRange => modelled(
                "InvalidTimeRangeException",
                "Start time must be before end time.".into(),
            ),
            Self::Unavailable(why) => Refusal::unavailable(why),
            Self::Store(error) => Refusal::store(&error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
