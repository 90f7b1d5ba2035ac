use ::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::Full;
use serde::Serialize;

use super::Answer;

/// What `GET /health` says: whether this node should be sent requests.
///
/// Status 200 when ready, else 503; `GET /health/live` is 200 as long as the
/// process answers at all. Neither needs a signature, so neither says more
/// than a stranger may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    live: bool,
    ready: bool,
    /// Why not, one sentence each; empty when ready.
    reasons: Vec<String>,
}

impl Health {
    /// Ready when there is no reason why not.
    #[must_use]
    pub fn new(reasons: Vec<String>) -> Self {
        Self {
            live: true,
            ready: reasons.is_empty(),
            reasons,
        }
    }

    /// The answer to the request if it asks for health. No AWS operation is
    /// shadowed: those are signed, in a header or in the query.
    pub(super) fn asked_for(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Question> {
        let question = match uri.path() {
            "/health" => Question::Ready,
            "/health/live" => Question::Live,
            _ => return None,
        };
        let reads = method == Method::GET || method == Method::HEAD;
        let signed = headers.contains_key(header::AUTHORIZATION) || uri.query().is_some();
        (reads && !signed).then_some(question)
    }

    pub(super) fn answer(&self, question: Question) -> Answer {
        let body = serde_json::to_vec(self).unwrap_or_default();
        let mut answer = Response::new(Full::new(Bytes::from(body)));
        if question == Question::Ready && !self.ready {
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        let headers = answer.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

/// What is asked about health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Live,
    Ready,
}
