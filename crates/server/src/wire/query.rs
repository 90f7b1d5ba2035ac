//! AWS Query: the parameter `Action` names the operation, `Version` the API;
//! parameters are a form, in the body of a POST or in the URL. Answers are
//! XML.

use ::http::{
    HeaderMap, Method, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use strongroom_services::{protocol::Form, refusal::Refusal};

use super::Arrival;
use crate::{
    http::Request,
    routes::{self, Served},
};

/// How AWS names a version that was not sent.
const NO_VERSION: &str = "NO_VERSION_SPECIFIED";

/// The service is the one in the credential's scope; of a request without one,
/// or with another's, the one that has this version.
pub(super) fn arrival(request: &Request) -> Option<Arrival<'_>> {
    let body = parameters(request)?;
    let form = Form::new(body);
    // What is no form is refused once it is known who sent it.
    let get = |name| form.get(name).ok().flatten();
    let (action, version) = (get("Action"), get("Version"));
    let scope = scope(&request.headers, &request.uri);
    let mut services = routes::query();
    let (service, query) = services
        .find(|(service, _)| scope.as_deref() == Some(service.signing_name))
        .or_else(|| routes::query().find(|(_, query)| version.as_deref() == Some(query.version)))?;
    let is_version = version.as_deref() == Some(query.version);
    let route = match &action {
        None => Err(missing_action()),
        Some(action) => is_version
            .then(|| service.route(action))
            .flatten()
            .ok_or_else(|| invalid_action(action, version.as_deref())),
    };
    Some(Arrival {
        service,
        route,
        body,
        bound: Vec::new(),
    })
}

/// The service of a request of which only the head is there. A form that nobody
/// signed is for the one that takes such.
pub(super) fn service(headers: &HeaderMap, uri: &Uri) -> Option<&'static Served> {
    let mut services = routes::query().map(|(service, _)| service);
    if let Some(scope) = scope(headers, uri) {
        return services.find(|service| service.signing_name == scope);
    }
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    services.find(|service| is_form && service.routes().iter().any(|route| !route.signed))
}

/// The form that a request brings.
fn parameters(request: &Request) -> Option<&[u8]> {
    let in_url = || request.uri.query().unwrap_or_default().as_bytes();
    match request.method {
        Method::GET => Some(in_url()),
        Method::POST if request.body.is_empty() => Some(in_url()),
        Method::POST => Some(&request.body),
        _ => None,
    }
}

/// The service that the credential's scope names, in either place where a
/// signature can be. Nothing is checked: that comes with the signature.
fn scope(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let of_credential = |credential: &str| credential.split('/').nth(3).map(str::to_owned);
    if let Some(header) = headers.get(AUTHORIZATION) {
        let (_, rest) = header.to_str().ok()?.split_once("Credential=")?;
        let end = rest.find([',', ' ']).unwrap_or(rest.len());
        return rest.get(..end).and_then(of_credential);
    }
    let form = Form::new(uri.query()?.as_bytes());
    let credential = form.get("X-Amz-Credential").ok().flatten()?;
    of_credential(&credential)
}

fn missing_action() -> Refusal {
    Refusal::framework(
        "MissingAction",
        "The request is missing an action or a required parameter.",
    )
}

/// Long names are cut: an answer is not there to send back what was sent.
fn invalid_action(action: &str, version: Option<&str>) -> Refusal {
    let short = |text: &str| text.chars().take(128).collect::<String>();
    Refusal::framework(
        "InvalidAction",
        format!(
            "Could not find operation {} for version {}",
            short(action),
            short(version.unwrap_or(NO_VERSION))
        ),
    )
}
