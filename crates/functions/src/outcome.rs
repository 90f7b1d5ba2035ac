//! What comes of a call.

use bytes::Bytes;
use serde::Deserialize;

use crate::{
    Job,
    runtime_api::{MAX_PAYLOAD_BYTES, Posted},
};

/// What a function answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// JSON.
    Answer(Bytes),
    /// It failed: JSON with `errorMessage` and `errorType`.
    Failed {
        /// `errorType`, in words of the function's own if it is handled.
        kind: String,
        /// The whole.
        payload: Bytes,
        /// Whether the runtime told of it, or it came to an end without.
        handled: bool,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    error_message: Option<String>,
    error_type: Option<String>,
}

impl Outcome {
    /// Of a function that failed and said so.
    #[must_use]
    pub fn failed(payload: Bytes, handled: bool) -> Self {
        let told = serde_json::from_slice::<Told>(&payload).ok();
        let kind = told.and_then(|told| told.error_type);
        Self::Failed {
            kind: kind.unwrap_or_else(|| "Error".to_owned()),
            payload,
            handled,
        }
    }
}

/// What a process posted.
pub(crate) fn told(posted: Posted) -> Outcome {
    let payload = match posted {
        Posted::Response(payload)
            if serde_json::from_slice::<serde::de::IgnoredAny>(&payload).is_ok() =>
        {
            return Outcome::Answer(payload);
        }
        Posted::Response(_) => Bytes::from_static(
            b"{\"errorType\":\"Runtime.MarshalError\",\"errorMessage\":\"the answer is no JSON\"}",
        ),
        Posted::TooLarge => {
            let text = format!(
                "Response payload size exceeded maximum allowed payload size \
                 ({MAX_PAYLOAD_BYTES} bytes)."
            );
            let kind = "Function.ResponseSizeTooLarge";
            let payload = serde_json::json!({"errorType": kind, "errorMessage": text});
            payload.to_string().into()
        }
        Posted::Error(payload) | Posted::InitError(payload) => payload,
    };
    Outcome::failed(payload, true)
}

/// That a process came to its end without an answer.
pub(crate) fn broken_off(job: &Job<'_>, kind: &str, text: &str) -> Outcome {
    let message = format!("RequestId: {} Error: {text}", job.request_id);
    let payload = serde_json::json!({"errorType": kind, "errorMessage": message});
    Outcome::Failed {
        kind: kind.to_owned(),
        payload: payload.to_string().into(),
        handled: false,
    }
}

/// What the runtime says of a function that came to its end.
pub(crate) fn message(payload: &[u8]) -> Option<String> {
    let told: Told = serde_json::from_slice(payload).ok()?;
    Some(format!("{}\n", told.error_message?))
}
