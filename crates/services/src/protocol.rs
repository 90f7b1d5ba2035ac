//! The protocols that AWS's services speak: how a request is read into an
//! operation's input and its output written into an answer.
//!
//! An operation is written the same whatever the protocol; its service says
//! which one it is. What is done here is independent of HTTP but for
//! [`Http`], which says where the REST protocol puts what.
//!
//! - `query.rs`: form parameters in, XML out (IAM, STS)
//! - `rest_json.rs`: JSON, with members in path, query and headers (Lambda)
//! - AWS JSON is serde's own

mod query;
mod rest_json;
mod text;
mod unreadable;
mod xml;

use zeroize::Zeroizing;

use crate::{
    refusal::Refusal,
    shape::{Emit, OnTheWire, Path, Shape, Violations},
};

pub use query::{Form, NoForm};
pub use rest_json::{Http, Member};

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.1: one path, the operation in `X-Amz-Target`.
    Json(Json),
    /// AWS Query: one path, the operation in the parameter `Action`.
    Query(Query),
    /// JSON, with the operation in method and path.
    RestJson,
}

/// What differs between services that speak AWS JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json {
    /// What stands before the last dot of `X-Amz-Target`: `TrentService`. The
    /// namespace that CloudTrail has before it, in the AWS CLI and in Python,
    /// is left out by the SDKs for JavaScript and Go.
    pub target_prefix: &'static str,
    /// The prefix without its namespace.
    pub short_prefix: &'static str,
    /// Whether errors of the service's model have a `Message`. Those of the
    /// framework around it have a `message`, in every service.
    pub capital_message: bool,
    /// Whether an answer that says nothing has no body, in place of `{}`.
    pub empty_answers: bool,
}

impl Json {
    /// Whether a request's prefix names this service.
    #[must_use]
    pub fn is_named(&self, prefix: &str) -> bool {
        prefix == self.short_prefix || prefix == self.target_prefix
    }

    /// A service whose errors have a `message`.
    #[must_use]
    pub const fn new(target_prefix: &'static str) -> Self {
        Self {
            target_prefix,
            short_prefix: after_last_dot(target_prefix),
            capital_message: false,
            empty_answers: false,
        }
    }
}

/// All of it, if there is no dot.
const fn after_last_dot(name: &str) -> &str {
    let mut before = name.as_bytes();
    while let [rest @ .., last] = before {
        if *last == b'.' {
            break;
        }
        before = rest;
    }
    name.split_at(before.len()).1
}

/// What differs between services that speak AWS Query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// The parameter `Version`: `2010-05-08`.
    pub version: &'static str,
    /// `https://iam.amazonaws.com/doc/2010-05-08/`
    pub namespace: &'static str,
    /// Whether validation messages leave out the values that are wrong.
    pub hides_values: bool,
    /// The code of errors that are the service's own fault.
    pub internal_error: &'static str,
}

/// The protocol of REST with JSON: nothing differs between its services.
#[derive(Clone, Copy, Debug)]
pub struct RestJson;

/// A request as its protocol carries it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message<'a> {
    /// A JSON document, or for Query the parameters as a form has them.
    pub body: &'a [u8],
    /// For REST: the members that are not in the body, by their names.
    pub bound: &'a [(&'static str, String)],
}

/// What of an answer is not in its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

/// A success as it goes on the wire.
pub type Written = (Head, Zeroizing<Vec<u8>>);

impl<'a> From<&'a [u8]> for Message<'a> {
    fn from(body: &'a [u8]) -> Self {
        Self { body, bound: &[] }
    }
}

impl Default for Head {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
        }
    }
}

/// A protocol as a type, so that the shapes of an operation are compiled for
/// the protocol of its service and for no other.
pub trait Speak: Copy + Into<Protocol> + 'static {
    /// Reads and validates what an operation is asked.
    ///
    /// # Errors
    /// When the message cannot be read, or breaks the model's constraints.
    fn read<T: Shape>(self, http: Option<&Http>, message: Message<'_>) -> Result<T, Refusal>;

    /// Writes what an operation answers.
    ///
    /// # Errors
    /// When the answer cannot be written, which is the service's own fault.
    fn write<T: Emit>(
        self,
        http: Option<&Http>,
        operation: &str,
        request_id: &str,
        output: &T,
    ) -> Result<Written, Refusal>;
}

impl Speak for Json {
    fn read<T: Shape>(self, _: Option<&Http>, message: Message<'_>) -> Result<T, Refusal> {
        admit(json(message.body)?, Violations::default())
    }

    fn write<T: Emit>(
        self,
        _: Option<&Http>,
        _operation: &str,
        _request_id: &str,
        output: &T,
    ) -> Result<Written, Refusal> {
        let body = if self.empty_answers && T::IS_NOTHING {
            Zeroizing::default()
        } else {
            OnTheWire(output).to_json().map_err(Refusal::unavailable)?
        };
        Ok((Head::default(), body))
    }
}

impl Speak for Query {
    fn read<T: Shape>(self, _: Option<&Http>, message: Message<'_>) -> Result<T, Refusal> {
        let violations = if self.hides_values {
            Violations::without_values()
        } else {
            Violations::default()
        };
        admit(query::read(message.body)?, violations)
    }

    fn write<T: Emit>(
        self,
        _: Option<&Http>,
        operation: &str,
        request_id: &str,
        output: &T,
    ) -> Result<Written, Refusal> {
        let body = xml::success(&self, operation, request_id, output)?;
        Ok((Head::default(), body))
    }
}

impl Speak for RestJson {
    fn read<T: Shape>(self, http: Option<&Http>, message: Message<'_>) -> Result<T, Refusal> {
        admit(rest_json::read(http, message)?, Violations::default())
    }

    fn write<T: Emit>(
        self,
        http: Option<&Http>,
        _operation: &str,
        _request_id: &str,
        output: &T,
    ) -> Result<Written, Refusal> {
        rest_json::write(http, output)
    }
}

/// The value that was sent, if it is as the model wants it.
fn admit<T: Shape>(wire: T::Wire, mut violations: Violations) -> Result<T, Refusal> {
    let input = T::admit(wire, &Path::Root, &mut violations);
    violations
        .into_message()
        .map_or(Ok(input), |message| Err(Refusal::validation(message)))
}

impl From<Json> for Protocol {
    fn from(json: Json) -> Self {
        Self::Json(json)
    }
}

impl From<Query> for Protocol {
    fn from(query: Query) -> Self {
        Self::Query(query)
    }
}

impl From<RestJson> for Protocol {
    fn from(_: RestJson) -> Self {
        Self::RestJson
    }
}

impl Protocol {
    /// The refusal as this protocol knows it. Errors that a service's model
    /// declares are written for its protocol already; those of the framework
    /// around it have other names and statuses in each.
    ///
    /// Source: IAM and STS API References, "Common errors".
    #[must_use]
    pub fn adapt(self, refusal: Refusal) -> Refusal {
        match self {
            Self::Json(_) => refusal,
            Self::Query(query) => query.adapt(refusal),
            Self::RestJson => rest_json::adapt(refusal),
        }
    }
}

impl Query {
    /// The body of an answer that is an error.
    #[must_use]
    pub fn failure(&self, request_id: &str, refusal: &Refusal) -> Vec<u8> {
        xml::failure(self, request_id, refusal)
    }

    fn adapt(&self, refusal: Refusal) -> Refusal {
        let (code, status) = match refusal.code {
            "InternalServiceError" => (self.internal_error, 500),
            _ if refusal.modelled => return refusal,
            "AccessDeniedException" => ("AccessDenied", 403),
            "ExpiredTokenException" => ("ExpiredToken", 403),
            "IncompleteSignatureException" => ("IncompleteSignature", 400),
            "InvalidSignatureException" => ("SignatureDoesNotMatch", 403),
            "MissingAuthenticationTokenException" => ("MissingAuthenticationToken", 403),
            "SerializationException" => ("MalformedInput", 400),
            "ThrottlingException" => ("Throttling", 400),
            "UnknownOperationException" => ("InvalidAction", 400),
            "UnrecognizedClientException" => ("InvalidClientTokenId", 403),
            "ValidationException" => ("ValidationError", 400),
            _ => return refusal,
        };
        Refusal {
            code,
            status,
            ..refusal
        }
    }
}

fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    // Clients may leave the body out when there is nothing to say.
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| no_json_of_this(&error))
}

/// The parser's own message may quote the value it stumbled over, so only the
/// kind of failure is told.
fn no_json_of_this(error: &serde_json::Error) -> Refusal {
    match error.classify() {
        serde_json::error::Category::Data => wrong_type(),
        _ => not_json(),
    }
}

fn wrong_type() -> Refusal {
    Refusal::framework(
        "SerializationException",
        "The request has a value of the wrong type.",
    )
}

fn not_json() -> Refusal {
    Refusal::framework("SerializationException", "The request is not valid JSON.")
}

#[cfg(test)]
mod tests;
