//! One connection, from accept to close.

use std::{pin::pin, sync::Arc};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch::Receiver,
    time::{sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Handler, Limits, Origin, Phase, Place, exchange,
    watch::{Activity, Watched},
};
use crate::tls::TlsDetails;

/// hyper refuses to work with smaller buffers.
const SMALLEST_BUFFER_BYTES: usize = 8 << 10;

/// hyper's own default, up to which it needs no allocation for headers.
const HYPER_HEADERS: usize = 100;

/// What the requests of a connection share.
#[derive(Debug)]
pub(super) struct Link<H> {
    pub(super) place: Place<H>,
    pub(super) from: Origin,
    pub(super) tls: Option<TlsDetails>,
    pub(super) activity: Arc<Activity>,
    /// Held so that shutdown waits for the requests.
    _phase: Receiver<Phase>,
}

/// Serves the connection until either side closes it.
pub(super) async fn run<H: Handler>(
    place: Place<H>,
    socket: TcpStream,
    from: Origin,
    tls: Option<Arc<ServerConfig>>,
    mut phase: Receiver<Phase>,
) {
    // Answers are written whole; waiting to fill packets only delays them.
    // A socket that refuses this is about to fail anyway.
    let _ = socket.set_nodelay(true);
    let Some(tls) = tls else {
        return serve(place, socket, from, None, phase).await;
    };
    let handshake = timeout(
        place.0.limits.handshake,
        TlsAcceptor::from(tls).accept(socket),
    );
    let peer = from.peer;
    let accepted = tokio::select! {
        accepted = handshake => accepted,
        _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
    };
    match accepted {
        Ok(Ok(stream)) => {
            let details = TlsDetails::of(stream.get_ref().1);
            serve(place, stream, from, details, phase).await;
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake timed out"),
    }
}

async fn serve<H: Handler>(
    place: Place<H>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: Origin,
    tls: Option<TlsDetails>,
    mut phase: Receiver<Phase>,
) {
    let (limits, peer) = (place.0.limits, from.peer);
    let activity = Arc::new(Activity::new());
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let link = Arc::new(Link {
        place,
        from,
        tls,
        activity: Arc::clone(&activity),
        _phase: phase.clone(),
    });
    let builder = builder(&limits);
    let service = service_fn(move |request| exchange::answer(Arc::clone(&link), request));
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut look = pin!(sleep_until(activity.deadline(&limits).1));
    let mut draining = false;
    loop {
        let changed = pin!(phase.changed());
        tokio::select! {
            biased;
            served = connection.as_mut() => {
                if let Err(error) = served {
                    tracing::debug!(%peer, error = %chain(error.as_ref()), "connection failed");
                }
                return;
            }
            () = &mut look => {
                let (deadline, next_look) = activity.deadline(&limits);
                if deadline <= tokio::time::Instant::now() {
                    return;
                }
                look.as_mut().reset(next_look);
            }
            changed = changed, if !draining => {
                let _ = changed;
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        if draining {
            break;
        }
    }
    tokio::select! {
        _ = connection => {}
        _ = phase.wait_for(|phase| *phase == Phase::Stopped) => {}
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .header_read_timeout(None)
        // What is begun is finished, whether or not its client stays for the
        // answer (`finish.rs`); looking whether it is still there would cost
        // each request that waits for the log a read and a buffer.
        .half_close(true)
        .max_buf_size(limits.header_bytes.max(SMALLEST_BUFFER_BYTES));
    if limits.headers != HYPER_HEADERS {
        builder.http1().max_headers(limits.headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.idle / 2)
        .keep_alive_timeout(limits.idle / 4);
    builder
}

/// An error with its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
