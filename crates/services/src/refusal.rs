//! What a client is told when a request is not carried out.

use std::borrow::Cow;

use strongroom_store::StoreError;

/// An error as it goes on the wire: AWS's code, HTTP status and message.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// `ResourceNotFoundException`, …
    pub code: &'static str,
    /// The HTTP status of the JSON protocols.
    pub status: u16,
    /// The text for the client. Never holds a secret or an internal detail.
    pub message: Cow<'static, str>,
    /// `Reason`, which Organizations tells with some errors.
    pub reason: Option<&'static str>,
    /// Whether the service's model declares the error. Some services write
    /// `Message` for those (`protocol::Json`); the framework's own
    /// have a `message`.
    pub modelled: bool,
    /// What an operator should know, for the log.
    pub detail: Option<String>,
    /// The name in audit records, where that is not the code: IAM answers
    /// `NoSuchEntity` and CloudTrail records `NoSuchEntityException`.
    pub recorded_as: Option<&'static str>,
}

impl Refusal {
    /// An error that the service's model declares.
    #[must_use]
    pub fn modelled(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status: 400,
            message: message.into(),
            modelled: true,
            reason: None,
            detail: None,
            recorded_as: None,
        }
    }

    /// The same with a `Reason`.
    #[must_use]
    pub fn because(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    /// An error of the framework around the service.
    #[must_use]
    pub fn framework(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status: 400,
            message: message.into(),
            modelled: false,
            reason: None,
            detail: None,
            recorded_as: None,
        }
    }

    /// `ValidationException`: the request breaks the model's constraints.
    #[must_use]
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::framework("ValidationException", message)
    }

    /// Who signed is known, and may not sign any more.
    #[must_use]
    pub fn invalid_token() -> Self {
        Self::framework(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    }

    /// The store failed. What it holds may be damaged, or it may only be out of
    /// reach for now; the client is told which.
    #[must_use]
    pub fn store(error: &StoreError) -> Self {
        match error {
            StoreError::Closed | StoreError::Conflict | StoreError::Unavailable { .. } => {
                Self::unavailable(error)
            }
            _ => Self {
                status: 500,
                detail: Some(error.to_string()),
                ..Self::modelled(
                    "InternalServiceError",
                    "An error occurred on the server side.",
                )
            },
        }
    }

    /// The store or the record cannot be used just now. Nothing was changed
    /// that was not also recorded.
    #[must_use]
    pub fn unavailable(detail: impl ToString) -> Self {
        Self {
            status: 503,
            detail: Some(detail.to_string()),
            ..Self::framework(
                "ServiceUnavailable",
                "The service is unavailable. Please retry.",
            )
        }
    }
}
