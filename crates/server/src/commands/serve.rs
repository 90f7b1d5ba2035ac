//! What `dev` and `server` have in common: serving an opened node until it is
//! told to stop.

use std::sync::Arc;

use strongroom_crypto::SystemRandom;

use super::Failure;
use crate::{
    app::App,
    http::{self, Limits, Listener, RequestIds},
    shutdown::Signals,
};

/// Serves until SIGTERM or SIGINT, then finishes what was begun.
pub(super) async fn serve(
    app: Arc<App>,
    listeners: Vec<Listener>,
    limits: Limits,
    signals: Signals,
    reload: impl Fn(),
) -> Result<(), Failure> {
    let working = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.work().await }
    });
    let ids = RequestIds::new(Arc::new(SystemRandom));
    let drained = http::serve(
        listeners,
        Arc::clone(&app),
        limits,
        ids,
        signals.stop(reload),
    )
    .await;
    working.abort();
    app.close().await;
    if drained {
        Ok(())
    } else {
        Err("some requests did not finish before the drain limit".into())
    }
}
