//! AWS JSON 1.1: `X-Amz-Target` names the operation, bodies are JSON objects.

use ::http::{HeaderValue, Method, Response, StatusCode, header::CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::Full;
use serde::Serialize;
use strongroom_services::refusal::Refusal;
use zeroize::Zeroizing;

use crate::{
    http::{Answer, Request, RequestId},
    routes::{self, Destination},
};

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// The service that a request is for, and its operation if it has that one.
/// The protocol knows one method and one path.
#[must_use]
pub fn destination(request: &Request) -> Option<Destination> {
    if request.method != Method::POST || request.uri.path() != "/" {
        return None;
    }
    let target = request.headers.get("x-amz-target")?.to_str().ok()?;
    let (prefix, operation) = target.rsplit_once('.')?;
    routes::json(prefix, operation)
}

/// A success. The body is wiped when it has been sent.
#[must_use]
pub fn success(request_id: &RequestId, body: Zeroizing<Vec<u8>>) -> Answer {
    answer(request_id, StatusCode::OK, Bytes::from_owner(body))
}

/// An error, in the form that the service's clients know.
#[must_use]
pub fn failure(request_id: &RequestId, refusal: &Refusal) -> Answer {
    let body = Error {
        kind: refusal.code,
        capital: refusal.modelled.then_some(refusal.message.as_ref()),
        lower: (!refusal.modelled).then_some(refusal.message.as_ref()),
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(request_id, status, Bytes::from(body))
}

/// Secrets Manager writes `Message` in errors of its model and `message` in
/// those of the framework around it.
#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "__type")]
    kind: &'a str,
    #[serde(rename = "Message", skip_serializing_if = "Option::is_none")]
    capital: Option<&'a str>,
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    lower: Option<&'a str>,
}

fn answer(request_id: &RequestId, status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    headers.insert("x-amzn-requestid", request_id.header());
    answer
}
