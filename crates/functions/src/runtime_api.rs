//! The endpoint that one function's process talks to.
//!
//! Source: Lambda Developer Guide, "Using the Lambda runtime API".

use std::{
    convert::Infallible,
    fs,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};

/// The largest answer, in bytes.
///
/// Source: the limit that AWS's error names.
pub const MAX_PAYLOAD_BYTES: usize = 6_291_556;
const ROOT: &str = "/2018-06-01/runtime";
/// How often a connection's user is looked for.
const LOOKS: u32 = 5;
/// The pause between.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What a process posted.
#[derive(Debug)]
pub(crate) enum Posted {
    /// The handler's answer.
    Response(Bytes),
    /// Why the handler failed, `{"errorMessage", "errorType"}`.
    Error(Bytes),
    /// Why it could not be loaded.
    InitError(Bytes),
    /// More than may be posted.
    TooLarge,
}

/// What a process is given.
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) function_arn: String,
    pub(crate) deadline_ms: u64,
    pub(crate) payload: Bytes,
    pub(crate) client_context: Option<String>,
}

struct State {
    event: Event,
    given: Mutex<bool>,
    posted: Mutex<Option<oneshot::Sender<Posted>>>,
}

/// An endpoint of one invocation; ends when dropped.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    _serving: JoinSet<()>,
}

/// Opens an endpoint on loopback, and tells what is posted there first. If the
/// function has a user of its own, nobody else is answered.
pub(crate) async fn serve(
    event: Event,
    user: Option<u32>,
) -> std::io::Result<(Endpoint, oneshot::Receiver<Posted>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (posted, receiver) = oneshot::channel();
    let state = Arc::new(State {
        event,
        given: Mutex::new(false),
        posted: Mutex::new(Some(posted)),
    });
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, peer)) = listener.accept().await {
            if let Some(user) = user
                && !is_of(user, peer, address).await
            {
                continue;
            }
            let state = Arc::clone(&state);
            connections.spawn(async move {
                let service = service_fn(|request| answer(&state, request));
                // A process that is killed breaks its connections off.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
            while connections.try_join_next().is_some() {}
        }
    });
    let endpoint = Endpoint {
        address,
        _serving: serving,
    };
    Ok((endpoint, receiver))
}

/// Whether a connection is of a user. The kernel's table may lack a line while
/// others come and go: who is not in it is looked for again.
async fn is_of(user: u32, peer: SocketAddr, here: SocketAddr) -> bool {
    for _ in 0..LOOKS {
        let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        if let Some(owner) = owner(&table, peer, here) {
            return owner == user;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    false
}

/// Whose socket a connection from `peer` to `here` is, by the kernel's table of
/// connections.
///
/// Source: proc_net_tcp in the documentation of Linux.
fn owner(table: &str, peer: SocketAddr, here: SocketAddr) -> Option<u32> {
    let shown = |address: SocketAddr| match address {
        SocketAddr::V4(address) => {
            let ip = u32::from_ne_bytes(address.ip().octets());
            Some(format!("{ip:08X}:{:04X}", address.port()))
        }
        SocketAddr::V6(_) => None,
    };
    let (from, to) = (shown(peer)?, shown(here)?);
    table.lines().find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let is_it = columns.next() == Some(&from) && columns.next() == Some(&to);
        if !is_it {
            return None;
        }
        columns.nth(4)?.parse().ok()
    })
}

async fn answer(
    state: &Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix(ROOT) else {
        return Ok(plain(StatusCode::NOT_FOUND));
    };
    if request.method() == Method::GET && path == "/invocation/next" {
        return Ok(next(state).await);
    }
    if request.method() != Method::POST {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED));
    }
    let here = format!("/invocation/{}", state.event.request_id);
    let kind: fn(Bytes) -> Posted = match path.strip_prefix(here.as_str()) {
        Some("/response") => Posted::Response,
        Some("/error") => Posted::Error,
        _ if path == "/init/error" => Posted::InitError,
        _ => return Ok(plain(StatusCode::NOT_FOUND)),
    };
    let body = Limited::new(request.into_body(), MAX_PAYLOAD_BYTES)
        .collect()
        .await;
    let (status, what) = match body {
        Ok(body) => (StatusCode::ACCEPTED, kind(body.to_bytes())),
        Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, Posted::TooLarge),
    };
    let mut posted = state.posted.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(posted) = posted.take() {
        let _ = posted.send(what);
    }
    Ok(plain(status))
}

/// The event, once; who asks again waits until the process is ended.
async fn next(state: &State) -> Response<Full<Bytes>> {
    let first = {
        let mut given = state.given.lock().unwrap_or_else(PoisonError::into_inner);
        !std::mem::replace(&mut *given, true)
    };
    if !first {
        std::future::pending::<()>().await;
    }
    let Event {
        request_id,
        function_arn,
        deadline_ms,
        payload,
        client_context,
    } = &state.event;
    // All of them always: a client of AWS's crashes without.
    let mut response = Response::builder();
    if let Some(context) = client_context {
        response = response.header("Lambda-Runtime-Client-Context", context);
    }
    let response = response
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", request_id)
        .header("Lambda-Runtime-Deadline-Ms", deadline_ms.to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", function_arn)
        .header(
            "Lambda-Runtime-Trace-Id",
            "Root=1-00000000-000000000000000000000000;Sampled=0",
        )
        .body(Full::new(payload.clone()));
    response.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}")));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_its_owner_s() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1D13 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:1D13 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0100007F:C350 0100007F:1D13 01 00000000:00000000 00:00000000 00000000 60601        0 3 1
";
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(owner(table, at(0xC350), at(0x1D13)), Some(60_601));
        assert_eq!(owner(table, at(0xC351), at(0x1D13)), None);
        assert_eq!(owner("", at(1), at(2)), None);
    }
}
