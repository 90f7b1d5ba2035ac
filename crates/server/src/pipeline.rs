//! The way of a request, as one ordered list.
//!
//! What can be refused is refused in this order, which is part of the wire
//! contract: unknown service, signature, unknown operation, JSON, constraints,
//! permission, the operation itself (`operation.rs` for the last four). No
//! answer of an operation leaves before its record is durable.

use std::time::Instant;

use ::http::{
    HeaderName,
    header::{HOST, REFERER, USER_AGENT},
    request::Parts,
};
use strongroom_services::{
    context::{self, Tls},
    operation::{Answer as Outcome, Records, Route},
    protocol::{Head, Protocol},
    refusal::Refusal,
};
use strongroom_store::Mode;
use zeroize::Zeroizing;

use crate::{
    app::App,
    authn::Authenticated,
    http::{self, Allowance, Answer, Handler, Health, Request},
    wire::{self, Arrival, unknown_operation},
};

/// Bytes of a `User-Agent` and a `Referer` that are looked at.
const HEADER_BYTES: usize = 1024;

/// Status, headers and body of a success.
type Success = (Head, Zeroizing<Vec<u8>>);

impl Handler for App {
    async fn handle(&self, request: Request) -> Answer {
        let began = Instant::now();
        let arrival = wire::arrival(&request);
        let route = arrival.as_ref().and_then(|arrival| match &arrival.route {
            Ok(route) => Some(*route),
            Err(_) => None,
        });
        let protocol = arrival.as_ref().map(|arrival| (arrival.service.protocol)());
        let outcome = match &arrival {
            Some(arrival) => self.answer(&request, arrival).await,
            None => Err(unknown_operation()),
        };
        self.requests
            .note(route, outcome.as_ref().err(), began.elapsed());
        match (protocol, outcome) {
            (Some(protocol), Ok((head, body))) => wire::success(protocol, &request.id, head, body),
            (None, Ok(_)) => wire::failure(None, &request.id, unknown_operation()),
            (protocol, Err(refusal)) => {
                if let Some(detail) = &refusal.detail {
                    tracing::error!(request_id = %request.id, code = refusal.code, detail, "failed");
                }
                wire::failure(protocol, &request.id, refusal)
            }
        }
    }

    async fn allowance(&self, head: &Parts) -> Option<Allowance> {
        let (service, allowance) = wire::allowance(head)?;
        let known = self.authenticator.knows(&self.services, service, head);
        known.await.then_some(allowance)
    }

    fn protocol(&self, head: &Parts) -> Option<Protocol> {
        wire::protocol(head)
    }

    fn refuse(
        &self,
        refusal: http::Refusal,
        protocol: Option<Protocol>,
        request_id: &http::RequestId,
    ) -> Answer {
        self.requests.note_refused(refusal);
        match protocol {
            None | Some(Protocol::Json(_)) => refusal.answer(request_id),
            Some(_) => wire::failure(protocol, request_id, refusal.into()),
        }
    }

    fn health(&self) -> Health {
        let log = (!self.log.is_writable()).then(|| "the audit log cannot be written".to_owned());
        Health::new(log.into_iter().collect())
    }
}

impl App {
    async fn answer(&self, request: &Request, arrival: &Arrival<'_>) -> Result<Success, Refusal> {
        let authenticated = match &arrival.route {
            Ok(route) if !route.signed => self.authenticator.anonymous(&self.services, request),
            _ => {
                self.authenticator
                    .authenticate(&self.services, arrival.service, request)
                    .await?
            }
        };
        let message = arrival.message();
        let route = match &arrival.route {
            Ok(route) => *route,
            Err(refusal) => return Err(refusal.clone()),
        };
        let known = identified(request, authenticated);
        // Records of changes wait in the store while the log cannot be written,
        // so changes have to stop too. The refusal's own record is what tries
        // the log again.
        let outcome = if route.mode == Mode::Write && !self.log.is_writable() {
            let refusal = Refusal::unavailable("the audit log cannot be written");
            route.refuse(&self.services, &known, refusal)
        } else {
            route.call(&self.services, &known, message).await
        };
        self.record(route, &known, outcome).await
    }

    /// Lets an answer out once its records are durable.
    async fn record(
        &self,
        route: &Route,
        request: &context::Request,
        outcome: Outcome,
    ) -> Result<Success, Refusal> {
        match outcome.records {
            Records::Committed => self.outbox.wake(),
            Records::Pending(lines) => {
                self.log
                    .append_many(&lines)
                    .await
                    .map_err(Refusal::unavailable)?;
            }
        }
        tracing::debug!(
            request_id = request.id,
            operation = route.name,
            caller = %request.caller.arn,
            error = outcome.result.as_ref().err().map(|refusal| refusal.code),
            "answered"
        );
        outcome.result.map(|body| (outcome.head, body))
    }
}

/// The request as operations see it.
fn identified(request: &Request, authenticated: Authenticated) -> context::Request {
    let header = |name: HeaderName| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let short = |value: &str| {
        let short = value.get(..HEADER_BYTES).unwrap_or(value);
        short.to_owned()
    };
    context::Request {
        id: request.id.as_str().to_owned(),
        caller: authenticated.caller,
        region: authenticated.region,
        source_ip: request.peer.ip(),
        user_agent: header(USER_AGENT).map(short),
        referer: header(REFERER).map(short),
        vpc_endpoint: request.vpc_endpoint.clone(),
        host: header(HOST).map(str::to_owned),
        tls: request.tls.map(|tls| Tls {
            version: tls.version.to_owned(),
            cipher_suite: tls.cipher_suite.to_owned(),
            key_exchange: tls.key_exchange.map(str::to_owned),
        }),
    }
}
