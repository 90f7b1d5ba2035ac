//! One request, and what is answered without the handler.

use std::{convert::Infallible, sync::Arc};

use ::http::{HeaderMap, HeaderValue, Uri, Version, header, request::Parts};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::{
    Answer, Handler, Health, Refusal, Request, RequestId, admission::Share, body, connection::Link,
    finish::Finish,
};

/// How many times as long as others an upload may be on its way.
const UPLOAD_PATIENCE: u32 = 10;

/// Answers one request.
pub(super) async fn answer<H: Handler>(
    link: Arc<Link<H>>,
    request: hyper::Request<Incoming>,
) -> Result<Answer, Infallible> {
    let server = &link.place.0;
    let version = request.version();
    let multiplexed = version == Version::HTTP_2;
    let _in_flight = link.activity.begin(multiplexed);
    let id = server.request_ids.fresh();
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    if let Some(question) = Health::asked_for(method, uri, headers) {
        let mut answer = server.handler.health().answer(question);
        answer.headers_mut().insert(RequestId::HEADER, id.header());
        return Ok(answer);
    }
    let (head, body) = request.into_parts();
    let protocol = server.handler.protocol(&head);
    let outcome = match receive(&link, id, head, body).await {
        Ok((request, share)) => {
            // The work owns what it uses, and the link, for which shutdown
            // waits: it may outlive this exchange.
            let link = Arc::clone(&link);
            let work = async move {
                let _share = share;
                link.place.0.handler.handle(request).await
            };
            timeout(server.limits.request, Finish::new(work))
                .await
                .map_err(|_| Refusal::Slow)
        }
        Err(refusal) => Err(refusal),
    };
    Ok(outcome.unwrap_or_else(|refusal| {
        tracing::debug!(request_id = %id, peer = %link.from.peer, ?refusal, "request refused");
        let mut answer = server.handler.refuse(refusal, protocol, &id);
        if !multiplexed {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(header::CONNECTION, close);
        }
        answer
    }))
}

/// Reads the request and takes its place among those handled.
async fn receive<H: Handler>(
    link: &Link<H>,
    id: RequestId,
    mut head: Parts,
    body: Incoming,
) -> Result<(Request, Share), Refusal> {
    let server = &link.place.0;
    let limits = &server.limits;
    if head.headers.len() > limits.headers {
        return Err(Refusal::TooManyHeaders);
    }
    name_host(head.version, &head.uri, &mut head.headers)?;
    let mut share = Share::of(&server.usage)?;
    let (mut most, mut patience) = (limits.body_bytes, limits.body);
    let declared = body.size_hint().exact();
    let allowance = if declared.is_none_or(|length| length > most as u64) {
        server.handler.allowance(&head).await
    } else {
        None
    };
    if let Some(allowance) = allowance {
        let place = timeout(limits.body, share.begin_upload());
        place.await.unwrap_or(Err(Refusal::Busy))?;
        most = most.max(allowance.body_bytes);
        patience = limits.body.saturating_mul(UPLOAD_PATIENCE);
    }
    let reading = body::read(body, &head.headers, most, &mut share);
    let body = timeout(patience, reading)
        .await
        .unwrap_or(Err(Refusal::BodyIncomplete))
        .map_err(|refusal| match (refusal, allowance) {
            (Refusal::BodyTooLarge, Some(allowance)) => Refusal::BodyTooLargeFor(allowance),
            (refusal, _) => refusal,
        })?;
    share.begin_handling()?;
    let request = Request {
        id,
        method: head.method,
        uri: head.uri,
        version: head.version,
        headers: head.headers,
        body,
        peer: link.from.peer,
        tls: link.tls,
        vpc_endpoint: link.from.vpc_endpoint.clone(),
    };
    Ok((request, share))
}

/// Sees to it that `host` is the one host the request is for. HTTP/2 names it
/// in `:authority`, and HTTP/1.1 may in the request line; both end up in the
/// URI. Only HTTP/1.0 may leave it out.
///
/// Source: RFC 9113 section 8.3.1, RFC 9112 section 3.2.
fn name_host(version: Version, uri: &Uri, headers: &mut HeaderMap) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next(), uri.authority()) {
        (Some(host), None, Some(authority)) => {
            let authority = authority.as_str().as_bytes();
            if !host.as_bytes().eq_ignore_ascii_case(authority) {
                return Err(Refusal::Malformed);
            }
        }
        (Some(_), None, None) => {}
        (None, _, Some(authority)) => {
            let host = HeaderValue::from_str(authority.as_str()).map_err(|_| Refusal::Malformed)?;
            headers.insert(header::HOST, host);
        }
        (None, _, None) if version == Version::HTTP_10 => {}
        (None, _, None) | (Some(_), Some(_), _) => return Err(Refusal::Malformed),
    }
    Ok(())
}
