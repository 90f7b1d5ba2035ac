//! Where records wait for the writer, and their callers for the disk.
//!
//! The hot path is one short lock, one copy and, only when the writer sleeps,
//! one wake. Records are copied straight into the buffer that will be written;
//! everyone whose record is in it shares one [`Batch`].

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use memchr::memchr2;

use super::{AuditError, Figures, bell::Bell, chain};

/// Buffers that grew past this in a burst are given back afterwards.
const KEPT_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Signalled when there is work for the sleeping writer, and when the
    /// writer has ended.
    changed: Condvar,
    max_records: usize,
    max_bytes: usize,
    /// The last write failed.
    failing: AtomicBool,
    /// An append ran out of patience and no write has completed since.
    slow: AtomicBool,
    figures: Figures,
    bell: Bell,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    records: usize,
    batch: Arc<Batch>,
    writer_sleeps: bool,
    closed: bool,
    ended: bool,
}

/// What the writer is to do next.
pub(super) enum Work {
    /// Make these lines durable, then tell those who wait.
    Write(Vec<u8>, Arc<Batch>),
    /// Nothing is queued, but the log was failing: see whether it can go on.
    Retry,
    /// No more will come.
    End,
}

impl Queue {
    pub(super) fn new(max_records: usize, max_bytes: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            max_records,
            max_bytes,
            failing: AtomicBool::new(false),
            slow: AtomicBool::new(false),
            figures: Figures::default(),
            bell: Bell::default(),
        }
    }

    /// Queues the records as lines, all or none.
    pub(super) fn push<R: AsRef<[u8]>>(&self, records: &[R]) -> Result<Durable, AuditError> {
        let mut length = 0_usize;
        for record in records {
            let record = record.as_ref();
            if !chain::is_linkable(record) || !is_one_line(record) {
                return Err(AuditError::Malformed);
            }
            length = length.saturating_add(record.len()).saturating_add(1);
        }
        let mut waiting = self.lock();
        if waiting.closed
            || records.len() > self.max_records.saturating_sub(waiting.records)
            || length > self.max_bytes.saturating_sub(waiting.bytes.len())
        {
            return Err(AuditError::Unavailable);
        }
        waiting.bytes.reserve(length);
        for record in records {
            waiting.bytes.extend_from_slice(record.as_ref());
            waiting.bytes.push(b'\n');
        }
        waiting.records += records.len();
        let batch = Arc::clone(&waiting.batch);
        let wake = mem::take(&mut waiting.writer_sleeps);
        drop(waiting);
        if wake {
            self.changed.notify_all();
        }
        Ok(Durable { batch, slot: None })
    }

    /// Takes all that is queued, sleeping until there is something. `spare` is
    /// the buffer of the last batch, to be filled anew. A `retry` gives the
    /// longest sleep.
    pub(super) fn take(&self, mut spare: Vec<u8>, retry: Option<Duration>) -> Work {
        spare.clear();
        spare.shrink_to(KEPT_BYTES);
        let retry_at = retry.map(|pause| Instant::now() + pause);
        let mut waiting = self.lock();
        loop {
            if waiting.records > 0 {
                waiting.records = 0;
                let bytes = mem::replace(&mut waiting.bytes, spare);
                return Work::Write(bytes, mem::take(&mut waiting.batch));
            }
            if waiting.closed {
                return Work::End;
            }
            waiting.writer_sleeps = true;
            let Some(retry_at) = retry_at else {
                waiting = self
                    .changed
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let pause = retry_at.saturating_duration_since(Instant::now());
            if pause.is_zero() {
                waiting.writer_sleeps = false;
                return Work::Retry;
            }
            waiting = self
                .changed
                .wait_timeout(waiting, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Notes how the last attempt to write went.
    pub(super) fn report(&self, writable: bool) {
        self.failing.store(!writable, Ordering::Relaxed);
        self.slow.store(false, Ordering::Relaxed);
    }

    /// Notes that an append gave up waiting.
    pub(super) fn report_slow(&self) {
        if !self.slow.swap(true, Ordering::Relaxed) {
            tracing::error!("the audit log is too slow: a record did not become durable in time");
        }
    }

    pub(super) fn is_writable(&self) -> bool {
        !self.failing.load(Ordering::Relaxed) && !self.slow.load(Ordering::Relaxed)
    }

    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Wakes those who wait.
    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Records that the writer has not taken yet.
    pub(super) fn waiting(&self) -> usize {
        self.lock().records
    }

    /// Notes that the writer will take no more.
    pub(super) fn end(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.ended = true;
        drop(waiting);
        self.failing.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Refuses new records and waits until the writer has ended.
    pub(super) fn close(&self, patience: Duration) -> bool {
        let mut waiting = self.lock();
        waiting.closed = true;
        self.changed.notify_all();
        waiting = self
            .changed
            .wait_timeout_while(waiting, patience, |waiting| !waiting.ended)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        waiting.ended
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there is no line feed and no zero byte.
fn is_one_line(record: &[u8]) -> bool {
    memchr2(b'\n', 0, record).is_none()
}

/// The records that become durable together.
#[derive(Debug, Default)]
pub(super) struct Batch(Mutex<Fate>);

#[derive(Debug)]
enum Fate {
    Pending(Vec<Waker>),
    Known(Result<(), AuditError>),
}

impl Default for Fate {
    fn default() -> Self {
        Self::Pending(Vec::new())
    }
}

impl Batch {
    /// Tells everyone who waits.
    pub(super) fn finish(&self, outcome: Result<(), AuditError>, bell: &Bell) {
        let fate = mem::replace(&mut *self.lock(), Fate::Known(outcome));
        if let Fate::Pending(wakers) = fate {
            bell.ring(wakers);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Fate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves when the batch is durable or has failed.
#[derive(Debug)]
pub(super) struct Durable {
    batch: Arc<Batch>,
    /// Where in the batch this future's waker is.
    slot: Option<usize>,
}

impl Future for Durable {
    type Output = Result<(), AuditError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let batch = Arc::clone(&self.batch);
        let mut fate = batch.lock();
        match &mut *fate {
            Fate::Known(outcome) => Poll::Ready(*outcome),
            Fate::Pending(wakers) => {
                match self.slot.and_then(|slot| wakers.get_mut(slot)) {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => {
                        self.slot = Some(wakers.len());
                        wakers.push(cx.waker().clone());
                    }
                }
                Poll::Pending
            }
        }
    }
}
