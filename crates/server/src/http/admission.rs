//! What all requests together may use, and one request's share of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Limits, Refusal};

/// Bodies up to this size find room where larger ones do not. A few strangers
/// who send large bodies slowly would else keep everyone's requests out, and
/// nearly every request is smaller.
const SMALL_BODY_BYTES: usize = 16 << 10;

/// Uploads that are received and handled at the same time; others wait.
const UPLOADS: usize = 2;

/// What all requests together use.
#[derive(Debug)]
pub(super) struct Usage {
    /// Requests that the handler is busy with.
    handling: AtomicUsize,
    most_handling: usize,
    /// Memory that bodies take.
    body_bytes: AtomicUsize,
    most_body_bytes: usize,
    /// The part of it that bodies take which are not small.
    large_bytes: AtomicUsize,
    most_large_bytes: usize,
    /// Places of bodies that are larger than others may be.
    uploads: Arc<Semaphore>,
}

impl Usage {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            handling: AtomicUsize::new(0),
            most_handling: limits.requests,
            body_bytes: AtomicUsize::new(0),
            most_body_bytes: limits.total_body_bytes,
            large_bytes: AtomicUsize::new(0),
            most_large_bytes: limits.body_bytes.max(limits.total_body_bytes / 2),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
        }
    }
}

/// What one request uses. Given back on drop.
#[derive(Debug)]
pub(super) struct Share {
    usage: Arc<Usage>,
    body_bytes: usize,
    /// The same once the body is not small; else zero.
    large_bytes: usize,
    handling: bool,
    upload: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// A share that is empty yet, unless so much is being handled that more
    /// need not even be read.
    pub(super) fn of(usage: &Arc<Usage>) -> Result<Self, Refusal> {
        if usage.handling.load(Ordering::Relaxed) >= usage.most_handling {
            return Err(Refusal::Busy);
        }
        Ok(Self {
            usage: Arc::clone(usage),
            body_bytes: 0,
            large_bytes: 0,
            handling: false,
            upload: None,
        })
    }

    /// Waits for one of the few places for bodies that are larger than others
    /// may be. They are bounded by their number, and leave others their room.
    pub(super) async fn begin_upload(&mut self) -> Result<(), Refusal> {
        let place = Arc::clone(&self.usage.uploads).acquire_owned().await;
        self.upload = Some(place.map_err(|_| Refusal::Busy)?);
        Ok(())
    }

    /// Takes memory for a body of that many bytes in all.
    pub(super) fn grow_to(&mut self, body_bytes: usize) -> Result<(), Refusal> {
        if self.upload.is_some() {
            return Ok(());
        }
        let usage = &self.usage;
        let more = body_bytes.saturating_sub(self.body_bytes);
        let before = usage.body_bytes.fetch_add(more, Ordering::Relaxed);
        self.body_bytes += more;
        let mut fits = before.saturating_add(more) <= usage.most_body_bytes;
        if self.body_bytes > SMALL_BODY_BYTES {
            let more = self.body_bytes - self.large_bytes;
            let before = usage.large_bytes.fetch_add(more, Ordering::Relaxed);
            self.large_bytes += more;
            fits &= before.saturating_add(more) <= usage.most_large_bytes;
        }
        if fits { Ok(()) } else { Err(Refusal::Busy) }
    }

    /// Takes a place among the requests that are handled.
    pub(super) fn begin_handling(&mut self) -> Result<(), Refusal> {
        let before = self.usage.handling.fetch_add(1, Ordering::Relaxed);
        self.handling = true;
        if before >= self.usage.most_handling {
            return Err(Refusal::Busy);
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let usage = &self.usage;
        usage
            .body_bytes
            .fetch_sub(self.body_bytes, Ordering::Relaxed);
        usage
            .large_bytes
            .fetch_sub(self.large_bytes, Ordering::Relaxed);
        usage
            .handling
            .fetch_sub(self.handling.into(), Ordering::Relaxed);
    }
}
