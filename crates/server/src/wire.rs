//! The protocols that AWS's services speak, as thin as they can be.
//!
//! A protocol finds the service and the operation of a request, and puts
//! answers and errors into HTTP; what is inside of bodies is the business of
//! `strongroom_services::protocol`. All else is the same for every protocol
//! and stands in `pipeline.rs`.

mod aws_json;
mod query;
mod rest_json;

use ::http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE, request::Parts,
};
use bytes::Bytes;
use http_body_util::Full;
use strongroom_services::{
    operation::Route,
    protocol::{Head, Json, Message, Protocol},
    refusal::Refusal,
};
use zeroize::Zeroizing;

use crate::{
    http::{Allowance, Answer, Request, RequestId},
    routes::Served,
};

/// Where a request goes, and what it brings.
pub struct Arrival<'r> {
    /// The service.
    pub service: &'static Served,
    /// The operation; or that the service has none of that name.
    pub route: Result<&'static Route, Refusal>,
    body: &'r [u8],
    bound: Vec<(&'static str, String)>,
}

impl Arrival<'_> {
    /// What the operation reads.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        Message {
            body: self.body,
            bound: &self.bound,
        }
    }
}

/// Where a request goes; nothing if no service is addressed that is served.
#[must_use]
pub fn arrival(request: &Request) -> Option<Arrival<'_>> {
    if request.headers.contains_key(&aws_json::TARGET) {
        aws_json::arrival(request)
    } else if request.uri.path() == "/" {
        query::arrival(request)
    } else {
        rest_json::arrival(request)
    }
}

/// How whoever sent this head is to be answered, as far as it tells.
#[must_use]
pub fn protocol(head: &Parts) -> Option<Protocol> {
    let (headers, uri) = (&head.headers, &head.uri);
    let service = if headers.contains_key(&aws_json::TARGET) {
        aws_json::target(headers).map(|(service, _)| service)
    } else if uri.path() == "/" {
        query::service(headers, uri)
    } else {
        rest_json::service(uri.path())
    };
    service.map(|service| (service.protocol)())
}

/// The operation that a request is for, of which only the head is there, and
/// how large its body may be, if it may be larger than others.
#[must_use]
pub fn allowance(head: &Parts) -> Option<(&'static Served, Allowance)> {
    let (service, route, body_bytes) = rest_json::allowance(head.method.as_str(), head.uri.path())?;
    let operation = route.name;
    Some((
        service,
        Allowance {
            operation,
            body_bytes,
        },
    ))
}

/// A success. The body is wiped when it has been sent.
#[must_use]
pub fn success(
    protocol: Protocol,
    request_id: &RequestId,
    head: Head,
    body: Zeroizing<Vec<u8>>,
) -> Answer {
    let status = StatusCode::from_u16(head.status).unwrap_or(StatusCode::OK);
    let mut answer = answer(protocol, request_id, status, Bytes::from_owner(body));
    add(answer.headers_mut(), head.headers);
    answer
}

/// An error, in the form that the service's clients know; without a service
/// in that of AWS JSON.
#[must_use]
pub fn failure(protocol: Option<Protocol>, request_id: &RequestId, refusal: Refusal) -> Answer {
    const NONE: Protocol = Protocol::Json(Json::new(""));
    let protocol = protocol.unwrap_or(NONE);
    let refusal = protocol.adapt(refusal);
    let body = match protocol {
        Protocol::Json(json) => aws_json::failure(json, &refusal),
        Protocol::Query(query) => query.failure(request_id.as_str(), &refusal),
        Protocol::RestJson => rest_json::failure(&refusal),
    };
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = answer(protocol, request_id, status, Bytes::from(body));
    if protocol == Protocol::RestJson {
        let kind = ("x-amzn-errortype", refusal.code.to_owned());
        add(answer.headers_mut(), vec![kind]);
    }
    answer
}

fn answer(protocol: Protocol, request_id: &RequestId, status: StatusCode, body: Bytes) -> Answer {
    let media_type = match protocol {
        Protocol::Json(_) => "application/x-amz-json-1.1",
        Protocol::Query(_) => "text/xml",
        Protocol::RestJson => "application/json",
    };
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(RequestId::HEADER, request_id.header());
    answer
}

/// Adds headers; one whose value no header can have is left out.
fn add(headers: &mut HeaderMap, more: Vec<(&'static str, String)>) {
    for (name, value) in more {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
}

/// No service, or none with this operation, is addressed.
#[must_use]
pub fn unknown_operation() -> Refusal {
    Refusal::framework(
        "UnknownOperationException",
        "The requested operation is not recognized by the service.",
    )
}
