//! CloudTrail records: one JSON line for each call, each use of a KMS key on
//! behalf of a caller, and each service event.
//!
//! Field order and presence follow the live records described in CloudTrail's
//! record contents reference. The service of the same name looks records up
//! (`operations.rs`). A record never holds a secret value or a
//! credential: operations declare what may be recorded (`shape.rs`), and
//! nothing else reaches this module.

mod error;
mod history;
mod identity;
mod line;
mod loss;
mod named;
pub mod operations;
mod part;
mod summary;
mod time;
mod trail;

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use strongroom_crypto::Uuid;
use strongroom_types::{AccountId, Principal, Region};

use crate::{
    context::{Home, Request, Services, VpcEndpoint},
    kms::Kms,
    operation::{Operation, Service},
    protocol::Json,
    refusal::Refusal,
};

pub use error::{Error, Result};
pub use history::{Attribute, EventHistory, Found, Lookup, NoHistory, Page, Place, Status};
pub use identity::{FORWARDER, Identity};
pub(crate) use line::quote;
use line::{Line, name};
pub use loss::Loss;
pub use part::{Recorded, Resource};
pub use summary::Summary;
pub use time::EventTime;

/// The service that answers from the records: `operations.rs`.
pub struct CloudTrail;

impl Service for CloudTrail {
    const NAME: &'static str = "cloudtrail";
    const EVENT_SOURCE: &'static str = "cloudtrail.amazonaws.com";
    type Protocol = Json;
    const PROTOCOL: Json = Json::new("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101");
    type Error = Error;
}

/// Who acts when a service acts by itself and CloudTrail does not say which.
pub(crate) const AWS_INTERNAL: &str = "AWS Internal";

/// How a record begins: the version of the record format that is written.
const BEGINNING: &str = r#"{"eventVersion":"1.11""#;
/// Longest `userAgent`, `errorCode` and `errorMessage`, in bytes.
const SHORT_TEXT_BYTES: usize = 1024;

/// Something worth a record, before it is known who did it and when.
#[derive(Debug)]
pub struct Event {
    /// `secretsmanager.amazonaws.com`, …
    pub source: &'static str,
    /// The operation, or the service event.
    pub name: &'static str,
    /// What was asked, less what is sensitive.
    pub request_parameters: Option<Recorded>,
    /// What was answered; absent for reads and failures.
    pub response_elements: Option<Value>,
    /// Extras of service events.
    pub additional_event_data: Option<Recorded>,
    /// What a service event is about, where its service tells it so.
    pub service_event_details: Option<Value>,
    /// Whether nothing can have been changed.
    pub read_only: bool,
    /// The resources that were used: for KMS the key.
    pub resources: Vec<Resource>,
    /// Code and message of a failure; the code is empty where AWS writes none.
    pub error: Option<(&'static str, String)>,
    /// What kind of event it is.
    pub kind: Kind,
    /// What its record is kept under.
    pub category: Category,
    /// The account that owns what the event is about; if it is another than the
    /// caller's, it has a record too.
    pub(crate) owner: Option<AccountId>,
    /// Who acts in place of the request's caller, and whose trail it is on.
    pub(crate) acting: Option<(Identity, AccountId)>,
}

/// What records are kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// What was done with what a resource is there for. LookupEvents does not
    /// tell of it.
    Data,
    /// Everything else.
    Management,
}

/// Who acts in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller, at the endpoint.
    ApiCall,
    /// Secrets Manager for the caller, under the caller's identity.
    Forwarded,
    /// A service by itself, about a resource that lives there, which need not
    /// be where the caller does. The text is the record's `requestID`, which
    /// most services leave out.
    ServiceEvent(&'static str, Option<String>, Home),
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
            category: Category::Management,
            owner: None,
            acting: None,
        }
    }

    /// A call of this operation, not yet answered.
    #[must_use]
    pub fn of<O: Operation>() -> Self {
        Self {
            category: O::CATEGORY,
            ..Self::call(O::Service::EVENT_SOURCE, O::EVENT, O::READ_ONLY)
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
        self.line(self.scene(services, request, time))
    }

    /// All records of this event: that of the caller's account and, if what
    /// the event is about belongs to another account, that one's.
    pub fn records(&self, services: &Services, request: &Request, time: &EventTime) -> Records {
        let (identity, account) = self.actor(request);
        let owner = self.owner.filter(|owner| *owner != account);
        let (Some(owner), Kind::ApiCall | Kind::Forwarded) = (owner, &self.kind) else {
            return std::iter::once(self.record(services, request, time)).chain(None);
        };
        let shared = services.random.uuid();
        let of = |account, identity: Option<&RawValue>| {
            let mut scene = self.scene(services, request, time);
            scene.user_identity = identity.unwrap_or(scene.user_identity);
            self.line(Scene {
                account,
                shared_id: Some(&shared),
                ..scene
            })
        };
        let stranger = match self.kind {
            Kind::Forwarded => &identity.forwarded_stranger,
            _ => &identity.stranger,
        };
        std::iter::once(of(account, None)).chain(Some(of(owner, Some(stranger))))
    }

    /// Who acts, and on whose trail.
    fn actor<'a>(&'a self, request: &'a Request) -> (&'a Identity, AccountId) {
        match &self.acting {
            Some((identity, account)) => (identity, *account),
            None => (&request.caller.identity, request.caller.account),
        }
    }

    /// Who, when and where, of a call within a request.
    fn scene<'a>(
        &'a self,
        services: &Services,
        request: &'a Request,
        time: &'a EventTime,
    ) -> Scene<'a> {
        let service = (self.kind == Kind::Forwarded).then_some(FORWARDER);
        let (identity, account) = self.actor(request);
        let tls = request.tls.as_ref();
        let tls = tls.filter(|tls| service.is_none() && tls.is_of_a_connection());
        Scene {
            user_identity: match service {
                Some(_) => &identity.forwarded,
                None => &identity.direct,
            },
            source: match (service, &request.caller.principal) {
                (Some(service), _) => Source::Service(service),
                (None, Principal::Service { name, .. }) => Source::Service(name),
                (None, _) => Source::Address(request.source_ip),
            },
            user_agent: service.or(request.user_agent.as_deref()),
            request_id: Some(&request.id),
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
            shared_id: None,
        }
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
            Kind::ServiceEvent(service, id, _) => (*service, id.as_deref()),
            Kind::ApiCall | Kind::Forwarded => (self.source, None),
        };
        self.line(Scene {
            user_identity: &identity::of_service(home.account, service),
            source: Source::Service(service),
            user_agent: Some(service),
            request_id,
            event_type: "AwsServiceEvent",
            account: home.account,
            region: home.region,
            time,
            id: services.random.uuid(),
            tls_details: None,
            vpc_endpoint: None,
            shared_id: None,
        })
    }

    fn line(&self, scene: Scene<'_>) -> Vec<u8> {
        // In the order in which CloudTrail writes them.
        let mut line = Line::new(BEGINNING);
        line.json(name!("userIdentity"), scene.user_identity.get());
        line.plain(name!("eventTime"), scene.time.text());
        line.plain(name!("eventSource"), self.source.as_bytes());
        line.plain(name!("eventName"), self.name.as_bytes());
        line.plain(name!("awsRegion"), scene.region.as_str().as_bytes());
        match scene.source {
            Source::Address(address) => line.address(name!("sourceIPAddress"), address),
            Source::Service(name) => line.text(name!("sourceIPAddress"), name),
        }
        line.some_text(name!("userAgent"), scene.user_agent.map(short));
        if let Some((code, message)) = &self.error {
            if !code.is_empty() {
                line.text(name!("errorCode"), code);
            }
            let message = Some(short(message)).filter(|text| !text.is_empty());
            line.some_text(name!("errorMessage"), message);
        }
        match &self.request_parameters {
            Some(parameters) => line.recorded(name!("requestParameters"), parameters),
            None => line.json(name!("requestParameters"), "null"),
        }
        line.value(name!("responseElements"), &self.response_elements);
        if let Some(extra) = &self.additional_event_data {
            line.recorded(name!("additionalEventData"), extra);
        }
        line.some_text(name!("requestID"), scene.request_id);
        line.plain(name!("eventID"), scene.id.as_bytes());
        line.flag(name!("readOnly"), self.read_only);
        // KMS has the list even if nothing is on it.
        if !self.resources.is_empty() || self.source == Kms::EVENT_SOURCE {
            line.resources(name!("resources"), &self.resources);
        }
        line.plain(name!("eventType"), scene.event_type.as_bytes());
        let is_management = self.category == Category::Management;
        line.flag(name!("managementEvent"), is_management);
        line.plain(name!("recipientAccountId"), &scene.account.digits());
        line.some_text(name!("sharedEventID"), scene.shared_id);
        if let Some(endpoint) = scene.vpc_endpoint {
            line.text(name!("vpcEndpointId"), &endpoint.id);
            if let Some(account) = endpoint.account {
                line.text(name!("vpcEndpointAccountId"), &account.to_string());
            }
        }
        if let Some(details) = &self.service_event_details {
            line.value(name!("serviceEventDetails"), details);
        }
        let category = if is_management { "Management" } else { "Data" };
        line.plain(name!("eventCategory"), category.as_bytes());
        if let Some(tls) = &scene.tls_details {
            line.value(name!("tlsDetails"), tls);
        }
        line.end()
    }
}

/// Who, when and where, for a record.
struct Scene<'a> {
    user_identity: &'a RawValue,
    source: Source<'a>,
    user_agent: Option<&'a str>,
    request_id: Option<&'a str>,
    event_type: &'static str,
    account: AccountId,
    region: Region,
    time: &'a EventTime,
    id: Uuid,
    tls_details: Option<TlsDetails<'a>>,
    vpc_endpoint: Option<&'a VpcEndpoint>,
    /// What the records of one event in two accounts have in common.
    shared_id: Option<&'a str>,
}

/// Where a request came from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Address(IpAddr),
    /// Of a service that calls another, its name.
    Service(&'a str),
}

/// One record, or two.
type Records = std::iter::Chain<std::iter::Once<Vec<u8>>, std::option::IntoIter<Vec<u8>>>;

/// Cuts at 1 KiB, between characters.
fn short(text: &str) -> &str {
    let mut end = text.len().min(SHORT_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
