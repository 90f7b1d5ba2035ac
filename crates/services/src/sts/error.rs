//! STS's errors, named as AWS names them, with AWS's texts.

use std::borrow::Cow;

use strongroom_policy::PolicyError;
use strongroom_store::StoreError;

use crate::{iam::CallerError, operation::ServiceError, refusal::Refusal};

/// The result of what may be refused by STS.
pub type Result<T> = std::result::Result<T, Error>;

type Text = Cow<'static, str>;

/// Why STS refuses a request.
///
/// Source: STS API Reference, "Errors" of each operation and "Common errors".
#[derive(Debug)]
pub enum Error {
    /// The caller may not do this.
    AccessDenied(Text),
    /// The identity provider's token has expired.
    ExpiredToken(Text),
    /// The identity provider cannot be reached or understood.
    IdpCommunication(Text),
    /// The identity provider's word is not accepted.
    IdpRejectedClaim(Text),
    /// An encoded message was not made here.
    InvalidAuthorizationMessage(Text),
    /// The identity provider's token is not one.
    InvalidIdentityToken(Text),
    /// A parameter is wrong in itself.
    InvalidParameterValue(Text),
    /// A session policy is no policy.
    MalformedPolicyDocument(Text),
    /// Session policies and tags take too much room.
    PackedPolicyTooLarge(Text),
    /// A policy in the store does not compile.
    Policy(String),
    /// The store could not be read.
    Store(StoreError),
    /// A parameter breaks a constraint.
    Validation(Text),
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
        let modelled = |code, status, text| Refusal {
            status,
            ..Refusal::modelled(code, text)
        };
        match self {
            Self::AccessDenied(text) => modelled("AccessDenied", 403, text),
            Self::ExpiredToken(text) => modelled("ExpiredTokenException", 400, text),
            Self::IdpCommunication(text) => modelled("IDPCommunicationError", 400, text),
            Self::IdpRejectedClaim(text) => modelled("IDPRejectedClaim", 403, text),
            Self::InvalidAuthorizationMessage(text) => {
                modelled("InvalidAuthorizationMessageException", 400, text)
            }
            Self::InvalidIdentityToken(text) => modelled("InvalidIdentityToken", 400, text),
            Self::InvalidParameterValue(text) => modelled("InvalidParameterValue", 400, text),
            Self::MalformedPolicyDocument(text) => modelled("MalformedPolicyDocument", 400, text),
            Self::PackedPolicyTooLarge(text) => modelled("PackedPolicyTooLarge", 400, text),
            Self::Policy(detail) => Refusal {
                detail: Some(detail),
                ..modelled("InternalFailure", 500, "An internal error occurred.".into())
            },
            Self::Store(error) => Refusal::store(&error),
            Self::Validation(text) => Refusal::validation(text),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CallerError> for Error {
    fn from(error: CallerError) -> Self {
        match error {
            CallerError::Store(error) => Self::Store(error),
            other => Self::Policy(other.to_string()),
        }
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        Self::MalformedPolicyDocument(error.to_string().into())
    }
}
