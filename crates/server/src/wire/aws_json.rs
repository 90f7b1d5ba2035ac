//! AWS JSON 1.1: `X-Amz-Target` names the operation, bodies are JSON objects.

use ::http::{HeaderMap, HeaderName, Method};
use serde::Serialize;
use strongroom_services::{protocol::Json, refusal::Refusal};

use super::{Arrival, unknown_operation};
use crate::{
    http::Request,
    routes::{self, Served},
};

/// The header that names service and operation.
pub(super) const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// The protocol knows one method and one path.
pub(super) fn arrival(request: &Request) -> Option<Arrival<'_>> {
    if request.method != Method::POST || request.uri.path() != "/" {
        return None;
    }
    let (service, operation) = target(&request.headers)?;
    Some(Arrival {
        service,
        route: service.route(operation).ok_or_else(unknown_operation),
        body: &request.body,
        bound: Vec::new(),
    })
}

/// The service that the target names, and the name of the operation.
pub(super) fn target(headers: &HeaderMap) -> Option<(&'static Served, &str)> {
    let target = headers.get(&TARGET)?.to_str().ok()?;
    let (prefix, operation) = target.rsplit_once('.')?;
    Some((routes::json(prefix)?, operation))
}

/// The body of an error.
pub(super) fn failure(json: Json, refusal: &Refusal) -> Vec<u8> {
    let capital = refusal.modelled && json.capital_message;
    let body = Error {
        kind: refusal.code,
        capital: capital.then_some(refusal.message.as_ref()),
        lower: (!capital).then_some(refusal.message.as_ref()),
        reason: refusal.reason,
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Some services write `Message` in errors of their model, and all `message`
/// in those of the framework around them.
#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "__type")]
    kind: &'a str,
    #[serde(rename = "Message", skip_serializing_if = "Option::is_none")]
    capital: Option<&'a str>,
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    lower: Option<&'a str>,
    #[serde(rename = "Reason", skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}
