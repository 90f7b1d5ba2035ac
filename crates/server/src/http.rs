//! From the socket to the handler: HTTP/1.1 and HTTP/2, with and without TLS.
//!
//! Everything a stranger can send is bounded here ([`Limits`]), so that the
//! [`Handler`] sees only whole requests of a decent size. A request reaches it
//! once its body is in memory; the handler then runs to its end even when the
//! client goes away, because a request that was authorised has to be recorded.
//!
//! - `connection.rs`: one connection, from accept to close
//! - `watch.rs`: noticing clients that send nothing, or too slowly
//! - `exchange.rs`: one request, and what is answered without the handler
//! - `admission.rs`: what all requests together may use
//! - `body.rs`: reading a body into memory that is wiped
//! - `finish.rs`: work that outlives its client
//! - `limits.rs`, `refusal.rs`, `health.rs`, `request_id.rs`: the small types

mod admission;
mod body;
mod connection;
mod exchange;
mod finish;
mod health;
mod limits;
mod refusal;
mod request_id;
mod watch;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::http::{HeaderMap, Method, Response, Uri, Version, request::Parts};
use bytes::Bytes;
use http_body_util::Full;
use rustls::ServerConfig;
use strongroom_services::{context::VpcEndpoint, protocol::Protocol};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch::{Receiver, channel},
};
use zeroize::Zeroizing;

use self::admission::Usage;
pub use self::{
    health::Health,
    limits::Limits,
    refusal::Refusal,
    request_id::{RequestId, RequestIds},
};
use crate::tls::TlsDetails;

/// An answer, whole.
pub type Answer = Response<Full<Bytes>>;

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers a request. Polled to its end whether or not the client stays;
    /// after [`Limits::request`] the client gets [`Refusal::Slow`] and the
    /// work goes on unheard.
    fn handle(&self, request: Request) -> impl Future<Output = Answer> + Send;

    /// How large the body of a request may be of which only the head is there,
    /// if it may be larger than [`Limits::body_bytes`]. Asked only where that
    /// makes a difference.
    fn allowance(&self, _: &Parts) -> impl Future<Output = Option<Allowance>> + Send {
        std::future::ready(None)
    }

    /// The protocol of a request of which only the head is there, as far as it
    /// tells. Asked of each.
    fn protocol(&self, _: &Parts) -> Option<Protocol> {
        None
    }

    /// Answers a request that is refused before it could be handled. Must be
    /// cheap: it serves overload.
    fn refuse(&self, refusal: Refusal, _: Option<Protocol>, request_id: &RequestId) -> Answer {
        refusal.answer(request_id)
    }

    /// What `GET /health` says.
    fn health(&self) -> Health;
}

/// What one operation may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The operation.
    pub operation: &'static str,
    /// Bytes of its body.
    pub body_bytes: usize,
}

/// A request, received whole.
#[derive(Debug)]
pub struct Request {
    /// Fresh for every request; the answer carries it as `x-amzn-RequestId`.
    pub id: RequestId,
    /// The method.
    pub method: Method,
    /// The request target as sent, query included; its path is never empty.
    pub uri: Uri,
    /// The protocol's version.
    pub version: Version,
    /// The headers; several of one name are in the order of their arrival.
    /// `host` is there also for HTTP/2, where clients send `:authority`.
    pub headers: HeaderMap,
    /// The body, wiped when dropped.
    pub body: Zeroizing<Vec<u8>>,
    /// The other end of the connection. An IPv4 address arrives as such also
    /// on an IPv6 socket.
    pub peer: SocketAddr,
    /// How the connection is encrypted, if it is.
    pub tls: Option<TlsDetails>,
    /// The VPC endpoint that the listener is, if it is one.
    pub vpc_endpoint: Option<Arc<VpcEndpoint>>,
}

/// A bound socket that is to be served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    vpc_endpoint: Option<Arc<VpcEndpoint>>,
}

impl Listener {
    /// Binds `address`; with `tls`, connections are encrypted.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self {
            socket,
            tls,
            vpc_endpoint: None,
        })
    }

    /// Says of every request that it came through this endpoint.
    #[must_use]
    pub fn through(self, vpc_endpoint: Option<VpcEndpoint>) -> Self {
        Self {
            vpc_endpoint: vpc_endpoint.map(Arc::new),
            ..self
        }
    }

    /// The address bound, with the port that was chosen if 0 was asked for.
    ///
    /// # Errors
    ///
    /// When the system cannot say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// Serves `listeners` until `stop` resolves, then stops accepting, lets
/// requests in flight finish for at most [`Limits::drain`], and closes what is
/// left. Whether all of them finished is the answer.
pub async fn serve<H: Handler>(
    listeners: Vec<Listener>,
    handler: Arc<H>,
    limits: Limits,
    request_ids: RequestIds,
    stop: impl Future<Output = ()>,
) -> bool {
    let (phase, _) = channel(Phase::Serving);
    let server = Arc::new(Server {
        handler,
        limits,
        request_ids,
        connections: AtomicUsize::new(0),
        usage: Arc::new(Usage::new(&limits)),
    });
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, Arc::clone(&server), phase.subscribe())))
        .collect();
    stop.await;
    for task in accepting {
        task.abort();
        // Its receiver and its socket are gone when this returns.
        let _ = task.await;
    }
    phase.send_replace(Phase::Draining);
    let drained = tokio::time::timeout(limits.drain, phase.closed())
        .await
        .is_ok();
    if !drained {
        phase.send_replace(Phase::Stopped);
        // Closing takes one poll of each connection; work that goes on
        // without a client is not waited for.
        let _ = tokio::time::timeout(Duration::from_millis(200), phase.closed()).await;
    }
    drained
}

/// What all connections share.
#[derive(Debug)]
struct Server<H> {
    handler: Arc<H>,
    limits: Limits,
    request_ids: RequestIds,
    connections: AtomicUsize,
    usage: Arc<Usage>,
}

/// How far the server is on its way to stop. Everything that has to be waited
/// for holds a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Finish what was begun.
    Draining,
    /// Close at once.
    Stopped,
}

async fn accept<H: Handler>(listener: Listener, server: Arc<Server<H>>, phase: Receiver<Phase>) {
    loop {
        match listener.socket.accept().await {
            Ok((socket, peer)) => {
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                let taken = server.connections.fetch_add(1, Ordering::Relaxed);
                let place = Place(Arc::clone(&server));
                if taken >= server.limits.connections {
                    turn_away(&socket, listener.tls.is_some());
                    continue;
                }
                let (tls, phase) = (listener.tls.clone(), phase.clone());
                let from = Origin {
                    peer,
                    vpc_endpoint: listener.vpc_endpoint.clone(),
                };
                tokio::spawn(connection::run(place, socket, from, tls, phase));
            }
            // Gone before it was taken off the queue.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Mostly: out of file descriptors. Others will free some.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Where a connection comes from.
#[derive(Clone, Debug)]
struct Origin {
    peer: SocketAddr,
    vpc_endpoint: Option<Arc<VpcEndpoint>>,
}

/// Says why, where that costs nothing, and closes.
fn turn_away(socket: &TcpStream, encrypted: bool) {
    const SORRY: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    if !encrypted {
        // A fresh socket takes so little at once, or not at all.
        let _ = socket.try_write(SORRY);
    }
}

/// A connection's place among [`Limits::connections`].
#[derive(Debug)]
struct Place<H>(Arc<Server<H>>);

impl<H> Drop for Place<H> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
