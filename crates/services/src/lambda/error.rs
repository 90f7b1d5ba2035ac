use std::borrow::Cow;

use strongroom_store::StoreError;

use crate::{operation::ServiceError, refusal::Refusal};

/// The result of what may be refused by Lambda.
pub type Result<T> = std::result::Result<T, Error>;

type Text = Cow<'static, str>;

/// Why Lambda refuses a request.
///
/// Source: Lambda API Reference, "Errors" of each operation.
#[derive(Debug)]
pub enum Error {
    /// The caller may not do this.
    AccessDenied(Text),
    /// A parameter is wrong.
    InvalidParameterValue(Text),
    /// The event is no JSON.
    InvalidRequestContent(Text),
    /// The resource policy has no room.
    PolicyLengthExceeded(Text),
    /// The function was changed since.
    PreconditionFailed(Text),
    /// The event is too large.
    RequestTooLarge(Text),
    /// There is already such a function or statement.
    ResourceConflict(Text),
    /// There is no such function or statement.
    ResourceNotFound(Text),
    /// The function cannot be run here.
    Service(Text),
    /// There is enough to do, of this kind (`ThrottleReason`).
    TooManyRequests(&'static str),
    /// The store could not be read or written.
    Store(StoreError),
}

impl ServiceError for Error {
    fn denied(message: String) -> Self {
        Self::AccessDenied(message.into())
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn refusal(self) -> Refusal {
        let (status, code, text) = match self {
            Self::AccessDenied(text) => (403, "AccessDeniedException", text),
            Self::InvalidParameterValue(text) => (400, "InvalidParameterValueException", text),
            Self::InvalidRequestContent(text) => (400, "InvalidRequestContentException", text),
            Self::PolicyLengthExceeded(text) => (400, "PolicyLengthExceededException", text),
            Self::PreconditionFailed(text) => (412, "PreconditionFailedException", text),
            Self::RequestTooLarge(text) => (413, "RequestTooLargeException", text),
            Self::ResourceConflict(text) => (409, "ResourceConflictException", text),
            Self::ResourceNotFound(text) => (404, "ResourceNotFoundException", text),
            Self::Service(text) => (500, "ServiceException", text),
            Self::TooManyRequests(reason) => {
                let refusal = Refusal::modelled("TooManyRequestsException", "Rate Exceeded.");
                return Refusal {
                    status: 429,
                    ..refusal.because(reason)
                };
            }
            Self::Store(error) => return Refusal::store(&error),
        };
        Refusal {
            status,
            ..Refusal::modelled(code, text)
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
