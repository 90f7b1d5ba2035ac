//! The one thread that writes the log.

use std::{io, sync::Arc, thread, time::Duration};

use jiff::{SignedDuration, Timestamp};
use strongroom_types::Clock;

use super::{
    AuditError, Options,
    queue::{Queue, Work},
    recovery::Recovery,
    segment::{Segment, SegmentName},
    storage::Storage,
};

/// How often a failing log is tried when no request does it.
const RETRY: Duration = Duration::from_millis(500);

/// A write of more bytes than this says that several requests come at a time.
const CROWD_BYTES: usize = 4 << 10;
/// How long the next write then waits for company. A sync costs the same for
/// one record and for a hundred, and much more than this in all.
const LINGER: Duration = Duration::from_micros(500);

/// Starts the thread. It ends, after all queued records, when the queue is
/// closed.
pub(super) fn start<S: Storage>(
    queue: Arc<Queue>,
    storage: Arc<S>,
    options: Options,
    clock: Arc<dyn Clock>,
    recovery: Recovery<S::File>,
) -> io::Result<()> {
    let writer = Writer {
        storage,
        options,
        clock,
        segment: Some(recovery.segment),
        next_sequence: recovery.next_sequence,
        failing: false,
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
                    let outcome = self.write(&lines);
                    self.failing = outcome.is_err();
                    queue.report(outcome.is_ok());
                    batch.finish(outcome);
                    spare = lines;
                }
                Work::Retry => {
                    if let Ok(segment) = self.open_next(&[]) {
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

    fn write(&mut self, lines: &[u8]) -> Result<(), AuditError> {
        self.rotate_if_due(lines.len());
        if let Some(mut segment) = self.segment.take() {
            match segment.append(lines) {
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
                    let _ = segment.close();
                }
            }
        }
        match self.open_next(lines) {
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
        match self.open_next(&[]) {
            Ok(next) => {
                if let Some(last) = self.segment.replace(next)
                    && let Err(error) = last.close()
                {
                    tracing::warn!(%error, "cannot cut the zeros off an audit segment");
                }
            }
            // The current segment may grow past its limit.
            Err(error) => tracing::warn!(%error, "cannot begin a new audit segment"),
        }
    }

    /// Opens the next segment with `lines` durably in it. Leaves nothing
    /// behind on failure.
    fn open_next(&mut self, lines: &[u8]) -> io::Result<Segment<S::File>> {
        let name = SegmentName {
            sequence: self.next_sequence,
            started_at: self.clock.now(),
        };
        let file = self.storage.create(&name.to_string())?;
        let opened =
            Segment::new(file, name, 0, self.options.segment_bytes).and_then(|mut segment| {
                // An empty append still syncs and looks whether the file is
                // where it belongs.
                segment.append(lines)?;
                Ok(segment)
            });
        if opened.is_ok() {
            self.next_sequence += 1;
        } else {
            let _ = self.storage.remove(&name.to_string());
        }
        opened
    }
}

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
