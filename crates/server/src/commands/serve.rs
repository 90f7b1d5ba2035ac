//! What `dev` and `server` have in common: serving an opened node until it is
//! told to stop.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::Signal,
};
use rustls::ServerConfig;
use strongroom_crypto::SystemRandom;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    task::JoinHandle,
};

use super::Failure;
use crate::{
    admin::{Admin, Socket},
    app::App,
    http::{self, Limits, Listener, RequestIds},
    metrics::AdminPages,
    shutdown::Signals,
};

/// Readies the process for serving: as many open files as it may have, and a
/// file that grows past the limit for files is an error like a full disk, not
/// the end.
pub(super) fn prepare() -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    // A signal that was caught once is caught for good.
    signal(SignalKind::from_raw(Signal::SIGXFSZ as i32)).map(drop)
}

/// Binds `address`.
pub(super) async fn bind(
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
) -> Result<Listener, Failure> {
    Listener::bind(address, tls).await.map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "; stop the process that uses it, or choose another port",
            io::ErrorKind::AddrNotAvailable => "; choose an address that this machine has",
            io::ErrorKind::PermissionDenied => "; choose a port above 1023",
            _ => "",
        };
        format!("cannot listen on {address}: {error}{advice}").into()
    })
}

/// Takes the operator's requests from now on. Without the socket the node
/// serves all the same.
pub(super) fn look_after(admin: Admin, socket: &Path) -> Option<JoinHandle<()>> {
    match Socket::bind(socket) {
        Ok(socket) => Some(tokio::spawn(socket.serve(Arc::new(admin)))),
        Err(error) => {
            let path = socket.display();
            tracing::warn!(
                %path, %error,
                "cannot take the operator's requests: backups, checks and the like must wait \
                 until this node is stopped"
            );
            None
        }
    }
}

/// Serves until SIGTERM or SIGINT, then finishes what was begun.
pub(super) async fn serve(
    app: Arc<App>,
    listeners: Vec<Listener>,
    pages: Option<Listener>,
    limits: Limits,
    signals: Signals,
    reload: impl Fn(),
    looking_after: Option<JoinHandle<()>>,
) -> Result<(), Failure> {
    let working = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.work().await }
    });
    let ids = RequestIds::new(Arc::new(SystemRandom));
    // Up to the end of the requests, so that the last of them are seen.
    let (_pages, stop_pages) = oneshot::channel::<()>();
    if let Some(listener) = pages {
        tokio::spawn(http::serve(
            vec![listener],
            Arc::new(AdminPages::of(Arc::clone(&app))),
            Limits::default(),
            ids.clone(),
            async { drop(stop_pages.await) },
        ));
    }
    let drained = http::serve(
        listeners,
        Arc::clone(&app),
        limits,
        ids,
        signals.stop(reload),
    )
    .await;
    if let Some(task) = looking_after {
        task.abort();
        // Nothing is asked of the store any more when this returns.
        let _ = task.await;
    }
    app.stop();
    if working.await.is_err() {
        tracing::error!("the work in the background had come to an end before");
    }
    app.close().await;
    if drained {
        Ok(())
    } else {
        Err("some requests did not finish before the drain limit".into())
    }
}
