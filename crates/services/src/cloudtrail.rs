//! CloudTrail records: one JSON line for each call, each use of a KMS key on
//! behalf of a caller, and each service event.
//!
//! Field order and presence follow the live records described in CloudTrail's
//! record contents reference. A record never holds a secret value or a
//! credential: operations declare what may be recorded (`shape.rs`), and
//! nothing else reaches this module.

mod identity;

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use strongroom_types::{AccountId, Region, Timestamp};

use crate::{
    context::{Home, Request, Services, VpcEndpoint},
    refusal::Refusal,
};

pub use identity::{FORWARDER, Identity};

/// The version of the record format that is written.
const EVENT_VERSION: &str = "1.11";
/// Longest `userAgent`, `errorCode` and `errorMessage`, in bytes.
const SHORT_TEXT_BYTES: usize = 1024;

/// Room for most records.
const USUAL_BYTES: usize = 1536;

/// When an event happened, to the second, as records write it.
#[derive(Clone, Debug)]
pub struct EventTime(String);

impl EventTime {
    /// `2026-11-23T13:02:03Z`
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        let second = Timestamp::from_second(time.as_second()).unwrap_or(time);
        Self(second.to_string())
    }
}

/// Something worth a record, before it is known who did it and when.
#[derive(Debug)]
pub struct Event {
    /// `secretsmanager.amazonaws.com`, …
    pub source: &'static str,
    /// The operation, or the service event.
    pub name: &'static str,
    /// What was asked, less what is sensitive.
    pub request_parameters: Option<Value>,
    /// What was answered; absent for reads and failures.
    pub response_elements: Option<Value>,
    /// Extras of service events.
    pub additional_event_data: Option<Value>,
    /// What a service event is about, where its service tells it so.
    pub service_event_details: Option<Value>,
    /// Whether nothing can have been changed.
    pub read_only: bool,
    /// The resources that were used: for KMS the key.
    pub resources: Vec<Resource>,
    /// Code and message of a failure.
    pub error: Option<(&'static str, String)>,
    /// What kind of event it is.
    pub kind: Kind,
    /// Who acts in place of the request's caller, and whose trail it is on.
    pub(crate) acting: Option<(Identity, AccountId)>,
}

/// Who acts in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller, at the endpoint.
    ApiCall,
    /// Secrets Manager for the caller, under the caller's identity.
    Forwarded,
    /// A service by itself, about a resource that lives there, which need not
    /// be where the caller does. The text is the record's `requestID`.
    ServiceEvent(&'static str, String, Home),
}

/// A resource of an event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// The owner.
    pub account_id: String,
    /// `AWS::KMS::Key`.
    pub r#type: &'static str,
    /// The ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
}

/// A record, in the order in which CloudTrail writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: &'a RawValue,
    event_time: &'a str,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: &'a Option<Value>,
    response_elements: &'a Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: &'a Option<Value>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    resources: &'a [Resource],
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_endpoint_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_endpoint_account_id: Option<String>,
    service_event_details: &'a Option<Value>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<TlsDetails<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsDetails<'a> {
    tls_version: &'a str,
    cipher_suite: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_provided_host_header: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_exchange: Option<&'a str>,
}

impl Event {
    /// A call of an operation by a caller, not yet answered.
    #[must_use]
    pub fn call(source: &'static str, name: &'static str, read_only: bool) -> Self {
        Self {
            source,
            name,
            request_parameters: None,
            response_elements: None,
            additional_event_data: None,
            service_event_details: None,
            read_only,
            resources: Vec::new(),
            error: None,
            kind: Kind::ApiCall,
            acting: None,
        }
    }

    /// The event as one that failed. CloudTrail writes `AccessDenied` where
    /// the API says `AccessDeniedException`.
    pub fn fail(&mut self, refusal: &Refusal) {
        let code = match (refusal.recorded_as, refusal.code) {
            (Some(name), _) => name,
            (None, "AccessDeniedException") => "AccessDenied",
            (None, code) => code,
        };
        self.response_elements = None;
        self.error = Some((code, refusal.message.to_string()));
    }

    /// The record of this event within a request, as one JSON line without
    /// the line feed.
    #[must_use]
    pub fn record(&self, services: &Services, request: &Request, time: &EventTime) -> Vec<u8> {
        if let Kind::ServiceEvent(_, _, home) = &self.kind {
            return self.service_record(services, home, time);
        }
        let service = (self.kind == Kind::Forwarded).then_some(FORWARDER);
        let tls = request.tls.as_ref().filter(|_| service.is_none());
        let (identity, account) = match &self.acting {
            Some((identity, account)) => (identity, *account),
            None => (&request.caller.identity, request.caller.account),
        };
        self.line(Scene {
            user_identity: match service {
                Some(_) => &identity.forwarded,
                None => &identity.direct,
            },
            source: service.map_or_else(|| request.source_ip.to_string(), str::to_owned),
            user_agent: service.or(request.user_agent.as_deref()),
            request_id: &request.id,
            event_type: "AwsApiCall",
            account,
            region: request.region,
            time,
            id: services.random.uuid(),
            vpc_endpoint: request
                .vpc_endpoint
                .as_deref()
                .filter(|_| service.is_none()),
            tls_details: tls.map(|tls| TlsDetails {
                tls_version: &tls.version,
                cipher_suite: &tls.cipher_suite,
                client_provided_host_header: request.host.as_deref(),
                key_exchange: tls.key_exchange.as_deref(),
            }),
        })
    }

    /// The record of a service event, which knows where it happened.
    #[must_use]
    pub fn own_record(&self, services: &Services, time: &EventTime) -> Vec<u8> {
        match &self.kind {
            Kind::ServiceEvent(_, _, home) => self.service_record(services, home, time),
            // Without a request there is no caller to name.
            Kind::ApiCall | Kind::Forwarded => Vec::new(),
        }
    }

    /// The record of a service event about a resource of `home`, with or
    /// without a request that caused it.
    #[must_use]
    pub fn service_record(&self, services: &Services, home: &Home, time: &EventTime) -> Vec<u8> {
        let (service, request_id) = match &self.kind {
            Kind::ServiceEvent(service, id, _) => (*service, id.as_str()),
            Kind::ApiCall | Kind::Forwarded => (self.source, ""),
        };
        self.line(Scene {
            user_identity: &identity::of_service(home.account, service),
            source: service.to_owned(),
            user_agent: Some(service),
            request_id,
            event_type: "AwsServiceEvent",
            account: home.account,
            region: home.region,
            time,
            id: services.random.uuid(),
            tls_details: None,
            vpc_endpoint: None,
        })
    }

    fn line(&self, scene: Scene<'_>) -> Vec<u8> {
        let record = Record {
            event_version: EVENT_VERSION,
            user_identity: scene.user_identity,
            event_time: &scene.time.0,
            event_source: self.source,
            event_name: self.name,
            aws_region: scene.region.as_str(),
            source_ip_address: scene.source,
            user_agent: scene.user_agent.map(short),
            error_code: self.error.as_ref().map(|(code, _)| *code),
            error_message: self.error.as_ref().map(|(_, message)| short(message)),
            request_parameters: &self.request_parameters,
            response_elements: &self.response_elements,
            additional_event_data: &self.additional_event_data,
            request_id: scene.request_id,
            event_id: scene.id,
            read_only: self.read_only,
            resources: &self.resources,
            event_type: scene.event_type,
            management_event: true,
            recipient_account_id: scene.account.to_string(),
            vpc_endpoint_id: scene.vpc_endpoint.map(|endpoint| endpoint.id.as_str()),
            vpc_endpoint_account_id: scene
                .vpc_endpoint
                .and_then(|endpoint| Some(endpoint.account?.to_string())),
            service_event_details: &self.service_event_details,
            event_category: "Management",
            tls_details: scene.tls_details,
        };
        let mut line = Vec::with_capacity(USUAL_BYTES);
        // Cannot fail: every key is a string and the writer is memory.
        let _ = serde_json::to_writer(&mut line, &record);
        line
    }
}

/// Who, when and where, for a record.
struct Scene<'a> {
    user_identity: &'a RawValue,
    source: String,
    user_agent: Option<&'a str>,
    request_id: &'a str,
    event_type: &'static str,
    account: AccountId,
    region: Region,
    time: &'a EventTime,
    id: String,
    tls_details: Option<TlsDetails<'a>>,
    vpc_endpoint: Option<&'a VpcEndpoint>,
}

/// Cuts at 1 KiB, between characters.
fn short(text: &str) -> &str {
    let mut end = text.len().min(SHORT_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
