//! What a function prints, between the lines that Lambda adds.

use std::time::Duration;

use tokio::{io::AsyncReadExt as _, net::unix::pipe, sync::watch, task::JoinHandle, time::timeout};

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

/// One call, as its log tells of it.
pub(crate) struct Report<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) version: &'a str,
    pub(crate) took_ms: f64,
    pub(crate) memory_mib: u32,
    /// As far as anybody looked.
    pub(crate) used_bytes: u64,
}

impl Report<'_> {
    /// The log between the lines that tell of the call.
    ///
    /// Source: Lambda Developer Guide, "Viewing CloudWatch logs".
    pub(crate) fn around(&self, log: &[u8]) -> Vec<u8> {
        let Self {
            request_id,
            version,
            took_ms,
            memory_mib,
            used_bytes,
        } = self;
        let mut whole = format!("START RequestId: {request_id} Version: {version}\n").into_bytes();
        whole.extend(log);
        if !log.is_empty() && !log.ends_with(b"\n") {
            whole.push(b'\n');
        }
        let used = match used_bytes.div_ceil(1024 * 1024) {
            0 => String::new(),
            mib => format!("Max Memory Used: {mib} MB\t"),
        };
        let end = format!(
            "END RequestId: {request_id}\n\
             REPORT RequestId: {request_id}\tDuration: {took_ms:.2} ms\t\
             Billed Duration: {:.0} ms\tMemory Size: {memory_mib} MB\t{used}\n",
            took_ms.ceil()
        );
        whole.extend(end.into_bytes());
        whole
    }
}

impl Log {
    /// Begins to read.
    pub(crate) fn of(output: Option<pipe::Receiver>) -> Self {
        let (ended, end) = watch::channel(false);
        let read = tokio::spawn(read(output, end));
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

async fn read(output: Option<pipe::Receiver>, mut end: watch::Receiver<bool>) -> Vec<u8> {
    let mut log = Vec::new();
    let Some(mut output) = output else {
        return log;
    };
    let mut part = [0; 4096];
    let mut after_end = 0;
    loop {
        let bytes = tokio::select! {
            // What was written before the end is there to be read.
            biased;
            bytes = output.read(&mut part) => bytes.unwrap_or(0),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_between_its_lines() {
        let report = |used_bytes| Report {
            request_id: "id",
            version: "7",
            took_ms: 12.345,
            memory_mib: 128,
            used_bytes,
        };
        let whole = report(3 << 20).around(b"no end of line");
        assert_eq!(
            String::from_utf8(whole).unwrap(),
            "START RequestId: id Version: 7\nno end of line\nEND RequestId: id\n\
             REPORT RequestId: id\tDuration: 12.35 ms\tBilled Duration: 13 ms\t\
             Memory Size: 128 MB\tMax Memory Used: 3 MB\t\n"
        );
        let whole = String::from_utf8(report(0).around(b"")).unwrap();
        assert!(whole.starts_with("START RequestId: id Version: 7\nEND RequestId: id\n"));
        assert!(whole.ends_with("Memory Size: 128 MB\t\n"), "{whole}");
    }
}
