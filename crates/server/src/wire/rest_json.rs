//! REST with JSON: method and path name the operation; members are in the
//! path, the query, headers and a JSON body.

use serde::Serialize;
use strongroom_services::{
    operation::Route,
    protocol::{Form, Http, Member},
    refusal::Refusal,
};

use super::{Arrival, unknown_operation};
use crate::{
    http::Request,
    routes::{self, Served},
};

/// The operation whose path this is. A path that is known under other methods
/// only is that service's, without an operation.
pub(super) fn arrival(request: &Request) -> Option<Arrival<'_>> {
    let path = request.uri.path();
    let method = request.method.as_str();
    for service in routes::rest() {
        let mut of_path = service.routes().iter().filter_map(|route: &Route| {
            let http = route.http.as_ref()?;
            Some((route, http, http.matches(path)?))
        });
        let Some(first) = of_path.next() else {
            continue;
        };
        let found = std::iter::once(first)
            .chain(of_path)
            .find(|(_, http, _)| http.method == method);
        let (route, bound) = match found {
            Some((route, http, in_path)) => match bound(request, http, &in_path) {
                Some(bound) => (Ok(route), bound),
                None => (Err(malformed()), Vec::new()),
            },
            None => (Err(unknown_operation()), Vec::new()),
        };
        return Some(Arrival {
            service,
            route,
            body: &request.body,
            bound,
        });
    }
    None
}

/// The service that knows this path.
pub(super) fn service(path: &str) -> Option<&'static Served> {
    let knows = |route: &Route| {
        let http = route.http.as_ref();
        http.is_some_and(|http| http.matches(path).is_some())
    };
    routes::rest().find(|service| service.routes().iter().any(knows))
}

/// The service and the operation that this is the path of, if it may send more
/// than others, and how much.
pub(super) fn allowance(
    method: &str,
    path: &str,
) -> Option<(&'static Served, &'static Route, usize)> {
    routes::rest().find_map(|service| {
        service.routes().iter().find_map(|route| {
            let http = route.http.as_ref()?;
            let body_bytes = http.body_bytes?;
            let is_it = http.method == method && http.matches(path).is_some();
            is_it.then_some((service, route, body_bytes))
        })
    })
}

/// The members outside the body; nothing if they cannot be decoded.
fn bound(
    request: &Request,
    http: &Http,
    in_path: &[(&'static str, &str)],
) -> Option<Vec<(&'static str, String)>> {
    let mut bound = Vec::new();
    for (member, segment) in in_path {
        // A plus sign in a path is a plus sign.
        let segment = segment.replace('+', "%2B");
        let form = format!("s={segment}");
        let value = Form::new(form.as_bytes()).get("s").ok()??;
        bound.push((*member, value.into_owned()));
    }
    let form = Form::new(request.uri.query().unwrap_or_default().as_bytes());
    for Member { at, member } in http.query {
        let values = form.all(at).ok()?;
        bound.extend(
            values
                .into_iter()
                .map(|value| (*member, value.into_owned())),
        );
    }
    for Member { at, member } in http.headers {
        let value = request
            .headers
            .get(*at)
            .and_then(|value| value.to_str().ok());
        bound.extend(value.map(|value| (*member, value.to_owned())));
    }
    Some(bound)
}

fn malformed() -> Refusal {
    Refusal::framework(
        "SerializationException",
        "The request's path or query cannot be decoded.",
    )
}

/// The body of an error.
pub(super) fn failure(refusal: &Refusal) -> Vec<u8> {
    let whose = if refusal.status < 500 {
        "User"
    } else {
        "Service"
    };
    let body = Error {
        kind: refusal.modelled.then_some(whose),
        capital: refusal.modelled.then_some(refusal.message.as_ref()),
        lower: (!refusal.modelled).then_some(refusal.message.as_ref()),
        reason: refusal.reason,
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

/// As Lambda writes its errors: those of its model with a type.
#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(rename = "Message", skip_serializing_if = "Option::is_none")]
    capital: Option<&'a str>,
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    lower: Option<&'a str>,
    #[serde(rename = "Reason", skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}
