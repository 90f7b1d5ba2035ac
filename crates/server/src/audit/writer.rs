//! The one thread that writes the log.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use memchr::memchr_iter;
use strongroom_types::Clock;

use super::{
    AuditError, Options,
    chain::{self, Hash},
    digest::Signer,
    keeper::{Finished, Keeper},
    queue::{Queue, Work},
    recovery::Recovery,
    segment::{Linked, Segment, SegmentName},
    storage::{SegmentFile, Storage},
};

/// How often a failing log is tried when no request does it.
const RETRY: Duration = Duration::from_millis(500);

/// A write of more bytes than this says that several requests come at a time.
const CROWD_BYTES: usize = 4 << 10;
/// How long the next write then waits for company: a sync costs nearly the same
/// for one record and for a hundred. Waiting longer makes the clients of a
/// modest crowd wait, and each read of theirs dearer (`docs/performance.md`).
const LINGER: Duration = Duration::from_micros(300);

/// Starts the thread. It ends, after all queued records, when the queue is
/// closed.
pub(super) fn start<S: Storage>(
    queue: Arc<Queue>,
    storage: Arc<S>,
    options: Options,
    clock: Arc<dyn Clock>,
    signer: Arc<Signer>,
    recovery: Recovery<S::File>,
) -> io::Result<()> {
    let keeper = Keeper::start(
        Arc::clone(&storage),
        options,
        Arc::clone(&clock),
        signer,
        recovery.past,
        recovery.segment.progress(),
    )?;
    let writer = Writer {
        storage,
        options,
        clock,
        chain: recovery.segment.progress().chain,
        segment: Some(recovery.segment),
        next_sequence: recovery.next_sequence,
        failing: false,
        keeper,
        abandoned: Vec::new(),
        linked: Vec::new(),
    };
    thread::Builder::new()
        .name("audit".to_owned())
        .spawn(move || {
            // Last of all, when the storage is free again, and also when this
            // thread panics: nobody may wait for it then.
            let _end = End(&queue);
            writer.run(&queue);
        })?;
    Ok(())
}

struct Writer<S: Storage> {
    storage: Arc<S>,
    options: Options,
    clock: Arc<dyn Clock>,
    /// `None` after a failure, until a new segment can be opened.
    segment: Option<Segment<S::File>>,
    next_sequence: u64,
    /// The last write failed, which was logged then.
    failing: bool,
    keeper: Keeper,
    /// Segments that could not be written any more.
    abandoned: Vec<Finished>,
    /// The hash of the last durable line.
    chain: Hash,
    /// The lines of a write, with their hashes.
    linked: Vec<u8>,
}

impl<S: Storage> Writer<S> {
    fn run(mut self, queue: &Queue) {
        let mut spare = Vec::new();
        loop {
            if spare.len() > CROWD_BYTES {
                thread::sleep(LINGER);
            }
            let retry = self.segment.is_none().then_some(RETRY);
            match queue.take(std::mem::take(&mut spare), retry) {
                Work::Write(lines, batch) => {
                    let began = Instant::now();
                    let outcome = self.write(&lines);
                    let figures = queue.figures();
                    figures.note(&outcome, began.elapsed(), self.clock.now());
                    self.failing = outcome.is_err();
                    queue.report(outcome.is_ok());
                    batch.finish(outcome.map(drop), queue.bell());
                    spare = lines;
                }
                Work::Retry => {
                    if let Ok(segment) = self.open_next(self.nothing()) {
                        tracing::info!(segment = %segment.name, "the audit log can be written again");
                        self.segment = Some(segment);
                        self.failing = false;
                        queue.report(true);
                    }
                }
                Work::End => break,
            }
        }
        if let Some(segment) = self.segment.take()
            && let Err(error) = segment.close()
        {
            tracing::warn!(%error, "cannot cut the zeros off the last audit segment");
        }
    }

    /// Writes lines, each with its hash, and says how many.
    fn write(&mut self, lines: &[u8]) -> Result<u64, AuditError> {
        let mut bytes = std::mem::take(&mut self.linked);
        bytes.clear();
        bytes.shrink_to(KEPT_BYTES);
        let (mut chain, mut records, mut start) = (self.chain, 0, 0);
        for end in memchr_iter(b'\n', lines) {
            let record = lines.get(start..end).unwrap_or_default();
            chain = chain::link(&chain, record, &mut bytes);
            (records, start) = (records + 1, end + 1);
        }
        let linked = Linked {
            lines: &bytes,
            records,
            chain,
        };
        let outcome = self.append(linked);
        if outcome.is_ok() {
            self.chain = chain;
            if let Some(segment) = &self.segment {
                self.keeper.reached(segment.progress());
            }
        }
        self.linked = bytes;
        outcome.map(|()| records)
    }

    fn append(&mut self, linked: Linked<'_>) -> Result<(), AuditError> {
        self.rotate_if_due(linked.lines.len());
        if let Some(mut segment) = self.segment.take() {
            match segment.append(linked) {
                Ok(()) => {
                    self.segment = Some(segment);
                    return Ok(());
                }
                Err(error) => {
                    tracing::error!(
                        %error, segment = %segment.name,
                        "an audit segment cannot be written; trying a new one"
                    );
                    // Best effort: the lines may come to stand in the next
                    // segment, and an event twice in the log is only untidy.
                    self.abandoned.push(segment.so_far());
                    let _ = segment.close();
                }
            }
        }
        match self.open_next(linked) {
            Ok(segment) => {
                self.segment = Some(segment);
                Ok(())
            }
            Err(error) => {
                if !self.failing {
                    tracing::error!(%error, "no audit segment can be written; refusing requests");
                }
                Err(AuditError::Unavailable)
            }
        }
    }

    fn rotate_if_due(&mut self, more: usize) {
        let now = self.clock.now();
        let due = self.segment.as_ref().is_some_and(|segment| {
            segment.is_full_for(more) || is_old(segment.name, now, self.options)
        });
        if !due {
            return;
        }
        match self.open_next(self.nothing()) {
            Ok(next) => {
                if let Some(last) = self.segment.replace(next) {
                    let finished = last.so_far();
                    if let Err(error) = last.close() {
                        tracing::warn!(%error, "cannot cut the zeros off an audit segment");
                    }
                    self.keeper.finished(finished);
                }
            }
            // The current segment may grow past its limit.
            Err(error) => tracing::warn!(%error, "cannot begin a new audit segment"),
        }
    }

    /// No lines.
    fn nothing(&self) -> Linked<'static> {
        Linked {
            lines: &[],
            records: 0,
            chain: self.chain,
        }
    }

    /// Cuts off what was never acknowledged, once the disk can be written
    /// again, so that no line stands in two segments.
    fn finish_abandoned(&mut self) {
        for finished in self.abandoned.drain(..) {
            let cut = self
                .storage
                .open(&finished.name.to_string())
                .and_then(|file| file.truncate(finished.bytes));
            if let Err(error) = cut {
                tracing::warn!(%error, segment = %finished.name, "cannot cut an audit segment that failed");
            }
            self.keeper.finished(finished);
        }
    }

    /// Opens the next segment with `lines` durably in it. Leaves nothing
    /// behind on failure.
    fn open_next(&mut self, linked: Linked<'_>) -> io::Result<Segment<S::File>> {
        let name = SegmentName {
            sequence: self.next_sequence,
            started_at: self.clock.now(),
        };
        let file = self.storage.create(&name.to_string())?;
        let empty = Finished {
            name,
            records: 0,
            bytes: 0,
            before: self.chain,
            after: self.chain,
        };
        let opened =
            Segment::new(file, &empty, self.options.segment_bytes).and_then(|mut segment| {
                // An empty append still syncs and looks whether the file is
                // where it belongs.
                segment.append(linked)?;
                Ok(segment)
            });
        if opened.is_ok() {
            self.next_sequence += 1;
            self.finish_abandoned();
        } else {
            let _ = self.storage.remove(&name.to_string());
        }
        opened
    }
}

/// Buffers that grew past this in a burst are given back afterwards.
const KEPT_BYTES: usize = 1 << 20;

/// Whether a segment of this name should be followed by a new one. Clocks
/// that run backwards make nothing old.
pub(super) fn is_old(name: SegmentName, now: Timestamp, options: Options) -> bool {
    let age = now.duration_since(name.started_at);
    SignedDuration::try_from(options.segment_age).is_ok_and(|limit| age >= limit)
}

struct End<'q>(&'q Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
