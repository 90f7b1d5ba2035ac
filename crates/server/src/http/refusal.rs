use std::borrow::Cow;

use ::http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::Full;

use strongroom_services::refusal;

use super::{Allowance, Answer, RequestId};

/// Why a request was not handed to the handler, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The body ended before its end, or its framing is wrong.
    BodyBroken,
    /// The body did not arrive in time.
    BodyIncomplete,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// The body is larger than its operation may send.
    BodyTooLargeFor(Allowance),
    /// Too many requests, or too many bytes, are in work.
    Busy,
    /// The request names no host, or more than one.
    Malformed,
    /// The handler did not answer in time. What it was doing goes on, so the
    /// client cannot know whether its request took effect.
    Slow,
    /// There are more headers than allowed.
    TooManyHeaders,
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::BodyIncomplete => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge | Self::BodyTooLargeFor(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy | Self::Slow => StatusCode::SERVICE_UNAVAILABLE,
            Self::BodyBroken | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooManyHeaders => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        }
    }

    /// The exception's name, one that AWS's clients know to retry where
    /// retrying helps.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BodyIncomplete => "RequestTimeout",
            Self::BodyTooLarge => "RequestEntityTooLarge",
            Self::BodyTooLargeFor(_) => "RequestEntityTooLargeException",
            Self::Busy => "ThrottlingException",
            Self::BodyBroken | Self::Malformed => "BadRequest",
            Self::Slow => "ServiceUnavailable",
            Self::TooManyHeaders => "RequestHeaderFieldsTooLarge",
        }
    }

    /// The message for the client.
    #[must_use]
    pub fn message(self) -> Cow<'static, str> {
        let text = match self {
            Self::BodyTooLargeFor(Allowance {
                operation,
                body_bytes,
            }) => {
                return format!(
                    "Request must be smaller than {body_bytes} bytes for the {operation} operation"
                )
                .into();
            }
            Self::BodyBroken => "The request body is broken.",
            Self::BodyIncomplete => "The request body did not arrive in time.",
            Self::BodyTooLarge => "The request body is too large.",
            Self::Busy => "Rate exceeded",
            Self::Malformed => "The request must name one host.",
            Self::Slow => "The request could not be completed in time.",
            Self::TooManyHeaders => "The request has too many headers.",
        };
        Cow::Borrowed(text)
    }

    /// The refusal as an AWS JSON error, for when the protocol is not known.
    #[must_use]
    pub fn answer(self, request_id: &RequestId) -> Answer {
        let (code, message) = (self.code(), self.message());
        let body = format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}");
        let mut answer = Response::new(Full::new(Bytes::from(body)));
        *answer.status_mut() = self.status();
        let headers = answer.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.1"),
        );
        headers.insert(RequestId::HEADER, request_id.header());
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
        answer
    }
}

/// For services whose protocol is known.
impl From<Refusal> for refusal::Refusal {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status().as_u16(),
            ..Self::framework(refusal.code(), refusal.message())
        }
    }
}
