//! What signals mean: SIGTERM and SIGINT stop, SIGHUP reloads.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals a server acts upon. From its making on they no longer kill the
/// process.
#[derive(Debug)]
pub struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts catching. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Resolves when the process is to drain and exit; calls `reload` for
    /// every SIGHUP until then. Meant as `stop` of [`crate::http::serve`].
    pub async fn stop(mut self, reload: impl Fn()) {
        loop {
            let name = tokio::select! {
                _ = self.hangup.recv() => {
                    reload();
                    continue;
                }
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.terminate.recv() => "SIGTERM",
            };
            tracing::info!(signal = name, "stopping");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use nix::sys::signal::{Signal::SIGHUP, Signal::SIGTERM, raise};

    use super::*;

    #[tokio::test]
    async fn hangups_reload_and_termination_stops() {
        let signals = Signals::catch().unwrap();
        let reloads = AtomicUsize::new(0);
        let mut stop = std::pin::pin!(signals.stop(|| {
            reloads.fetch_add(1, Ordering::SeqCst);
        }));
        raise(SIGHUP).unwrap();
        while reloads.load(Ordering::SeqCst) == 0 {
            let early = tokio::time::timeout(Duration::from_millis(100), stop.as_mut()).await;
            assert!(early.is_err());
        }
        assert_eq!(reloads.load(Ordering::SeqCst), 1);
        raise(SIGTERM).unwrap();
        stop.await;
    }
}
