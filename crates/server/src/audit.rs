//! The append-only audit log: CloudTrail records, one JSON line each.
//!
//! No answer leaves before its record is durable. To make that cheap, one
//! thread owns the file and commits in groups: whatever was queued while the
//! disk was busy goes out with one write and one sync, and then all who waited
//! are woken together. Segments are laid out with zeros ahead of the data, so
//! that a sync has no file growth to record, which halves its cost.
//!
//! ```text
//! <directory>/0000000001-20261123T004400Z.jsonl    0600, sequence and start
//! <directory>/0000000002-20261124T004400Z.jsonl    the last one is written to
//! <directory>/0000000001-20261123T004400Z.digest.json  what a finished segment holds, signed
//! <directory>/0000000001-20261123T004400Z.jsonl.gz     a finished segment, compressed later
//! <directory>/head.json                            where the log begins and ends, signed
//! <directory>/.lock                                held by the process that writes
//! ```
//!
//! A record is a line, with a hash of itself and of the line before as its
//! last member; a segment ends at its first zero byte. What lies past
//! the last complete line before that byte was never acknowledged and is cut
//! off when the log is opened.
//!
//! - `queue.rs`: where records wait, and who waits for them
//! - `bell.rs`: how waiters are woken from another thread at no more cost than needed
//! - `writer.rs`: the thread; rotation and what follows a failure
//! - `segment.rs`: one file; the only place that decides what bytes are written
//! - `chain.rs`, `digest.rs`: the hash of each line, and what is signed
//! - `keeper.rs`: the thread that signs, compresses and removes finished segments
//! - `archive.rs`: what a directory holds, and reading it through
//! - `read.rs`: the records, for those who read them
//! - `lines.rs`: the lines of a segment, by where they begin
//! - `index.rs`, `history.rs`: finding records, for LookupEvents
//! - `growth.rs`: whether there is time to index them
//! - `verify.rs`: whether all of it is as it was written
//! - `recovery.rs`: finding the end, and which events are already recorded
//! - `figures.rs`: how the writer does
//! - `storage.rs`: the file system, and the seam at which tests make it fail

mod archive;
mod bell;
mod blocks;
mod chain;
mod digest;
mod figures;
mod growth;
mod history;
mod index;
mod keeper;
mod lines;
mod queue;
mod reached;
mod read;
mod recovery;
mod segment;
pub mod storage;
mod verify;
mod writer;

use std::{io, path::Path, sync::Arc, time::Duration};

use strongroom_types::Clock;

pub use self::{
    digest::{PublicKey, Signer},
    figures::Figures,
    history::History,
    reached::{Reached, accept, missing, newest, noted},
    read::{Follower, LogReader},
    recovery::Recovered,
    verify::{Fault, Verdict, verify},
};
use self::{queue::Queue, storage::Disk, storage::Storage};

/// How an [`AuditLog`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Longest time an append waits to become durable.
    pub max_wait: Duration,
    /// A segment that would grow past this many bytes is followed by a new one.
    pub segment_bytes: u64,
    /// A segment older than this is followed by a new one at the next record.
    pub segment_age: Duration,
    /// Most records that may wait for the disk.
    pub queued_records: usize,
    /// Most bytes that may wait for the disk. Larger single records are refused.
    pub queued_bytes: usize,
    /// Whether finished segments are compressed, one now and then.
    pub compress: bool,
    /// How long a finished segment is kept after its last record; for ever if
    /// absent.
    pub retention: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_wait: Duration::from_secs(2),
            segment_bytes: 16 << 20,
            segment_age: Duration::from_secs(24 * 60 * 60),
            queued_records: 16_384,
            queued_bytes: 16 << 20,
            compress: true,
            retention: None,
        }
    }
}

/// Why a record is not known to be durable. The request it belongs to must
/// not be answered with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The record is no JSON object, or holds a line feed or a zero byte, which
    /// end lines and segments. JSON never needs either.
    #[error("an audit record must be an object on one line without zero bytes")]
    Malformed,
    /// The disk failed, is too slow, or too much waits for it already. The
    /// record may or may not be in the log.
    #[error("the audit log cannot be written")]
    Unavailable,
}

/// The audit log, open for appending. Share it behind an [`Arc`].
///
/// Dropping it writes what is queued, as [`AuditLog::close`] does.
#[derive(Debug)]
pub struct AuditLog {
    queue: Arc<Queue>,
    max_wait: Duration,
}

impl AuditLog {
    /// Opens the log in `directory`, which is made (mode 0700) if missing,
    /// and cuts off what an interrupted write left behind.
    ///
    /// # Errors
    ///
    /// When another process has the log open, or the file system fails.
    pub fn open(
        directory: &Path,
        options: Options,
        clock: Arc<dyn Clock>,
        signer: Arc<Signer>,
    ) -> io::Result<(Self, Recovered)> {
        Self::open_on(Disk::open(directory)?, options, clock, signer)
    }

    /// Opens the log on any storage; see [`AuditLog::open`].
    ///
    /// # Errors
    ///
    /// When the storage fails.
    pub fn open_on<S: Storage>(
        storage: S,
        options: Options,
        clock: Arc<dyn Clock>,
        signer: Arc<Signer>,
    ) -> io::Result<(Self, Recovered<S>)> {
        let storage = Arc::new(storage);
        let recovery =
            recovery::recover(storage.as_ref(), options, clock.as_ref(), signer.public())?;
        let queue = Arc::new(Queue::new(options.queued_records, options.queued_bytes));
        let recovered = Recovered::new(Arc::clone(&storage), &recovery);
        if recovered.torn_bytes > 0 {
            tracing::warn!(
                bytes = recovered.torn_bytes,
                "the audit log ended in an interrupted write, which was cut off"
            );
        }
        writer::start(
            Arc::clone(&queue),
            storage,
            options,
            clock,
            signer,
            recovery,
        )?;
        let max_wait = options.max_wait;
        Ok((Self { queue, max_wait }, recovered))
    }

    /// Appends one record, given without its line feed, and waits until it is
    /// durable. Records are queued in the order of first polls.
    ///
    /// A future that is dropped while it waits leaves its record queued.
    ///
    /// # Errors
    ///
    /// [`AuditError`]; `Unavailable` after [`Options::max_wait`] at the latest.
    pub async fn append(&self, record: &[u8]) -> Result<(), AuditError> {
        self.append_many(&[record]).await
    }

    /// Appends several records, in order and in one write, and waits until
    /// all are durable.
    ///
    /// # Errors
    ///
    /// As for [`AuditLog::append`]; if one record is malformed, none is queued.
    pub async fn append_many<R: AsRef<[u8]>>(&self, records: &[R]) -> Result<(), AuditError> {
        if records.is_empty() {
            return Ok(());
        }
        let durable = self.queue.push(records)?;
        match tokio::time::timeout(self.max_wait, durable).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.queue.report_slow();
                Err(AuditError::Unavailable)
            }
        }
    }

    /// Appends several records that will be appended again if this fails: waits
    /// until it is known whether they are durable, however slow the disk is, or
    /// until `given_up`.
    ///
    /// # Errors
    ///
    /// As for [`AuditLog::append_many`]; `Unavailable` for what is not there or,
    /// if it was given up, may come.
    pub async fn append_surely<R: AsRef<[u8]>>(
        &self,
        records: &[R],
        given_up: impl Future<Output = ()>,
    ) -> Result<(), AuditError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut durable = std::pin::pin!(self.queue.push(records)?);
        if let Ok(outcome) = tokio::time::timeout(self.max_wait, &mut durable).await {
            return outcome;
        }
        self.queue.report_slow();
        tokio::select! {
            outcome = durable => outcome,
            () = given_up => Err(AuditError::Unavailable),
        }
    }

    /// Wakes whoever waits alone for a record from within the runtime that polls
    /// this, which costs it less than a wake from the log's thread. Without it,
    /// or once it has ended, they are woken all the same.
    ///
    /// # Errors
    ///
    /// When the system has no pipe to give, or this was called before.
    pub fn wake_within(&self) -> impl Future<Output = io::Result<()>> + Send + use<> {
        let queue = Arc::clone(&self.queue);
        async move { queue.bell().listen().await }
    }

    /// Whether the last attempt to write succeeded in time. While false, the
    /// node should not call itself ready.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.queue.is_writable()
    }

    /// What its writer did since it was opened.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        self.queue.figures()
    }

    /// Records that wait for the disk.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Takes no further records, writes those queued and cuts the zeros off
    /// the segment. Blocks for at most [`Options::max_wait`]; whether the
    /// writer finished in that time is the answer.
    pub fn close(&self) -> bool {
        self.queue.close(self.max_wait)
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.close();
    }
}
