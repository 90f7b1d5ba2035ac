//! What a function prints.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{ChildStderr, ChildStdout},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// Bytes of a function's log that are kept of one invocation: its last, which
/// tell how it ended.
const LOG_BYTES: usize = 256 * 1024;
/// How long the output of a process that was killed may stay open.
const GRACE: Duration = Duration::from_secs(1);

/// The output of a process, read as it comes.
pub(crate) struct Log {
    read: JoinHandle<Vec<u8>>,
    ended: watch::Sender<bool>,
}

impl Log {
    /// Begins to read.
    pub(crate) fn of(out: Option<ChildStdout>, err: Option<ChildStderr>) -> Self {
        let (ended, end) = watch::channel(false);
        let read = tokio::spawn(async move {
            let (mut log, err) = tokio::join!(read(out, end.clone()), read(err, end));
            log.extend(err);
            keep_end(&mut log);
            log
        });
        Self { read, ended }
    }

    /// All of it, once the process is killed. The others that it started have
    /// the same output open, and take a moment to be gone too; what one that
    /// got away writes later is no part of it.
    pub(crate) async fn whole(mut self) -> Vec<u8> {
        if let Ok(log) = timeout(GRACE, &mut self.read).await {
            return log.unwrap_or_default();
        }
        self.ended.send_replace(true);
        self.read.await.unwrap_or_default()
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>, mut end: watch::Receiver<bool>) -> Vec<u8> {
    let mut log = Vec::new();
    let Some(mut stream) = stream else {
        return log;
    };
    let mut part = [0; 4096];
    let mut after_end = 0;
    loop {
        let bytes = tokio::select! {
            // What was written before the end is there to be read.
            biased;
            bytes = stream.read(&mut part) => bytes.unwrap_or(0),
            _ = end.wait_for(|ended| *ended) => 0,
        };
        if *end.borrow() {
            after_end += bytes;
        }
        if bytes == 0 || after_end > LOG_BYTES {
            keep_end(&mut log);
            return log;
        }
        log.extend(part.get(..bytes).unwrap_or_default());
        if log.len() > 2 * LOG_BYTES {
            keep_end(&mut log);
        }
    }
}

fn keep_end(log: &mut Vec<u8>) {
    log.drain(..log.len().saturating_sub(LOG_BYTES));
}
