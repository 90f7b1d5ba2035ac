//! Noticing clients that send nothing, or too slowly.
//!
//! One timer a connection looks now and then at what happened since. Setting
//! a timer for every request would cost more than answering some of them.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::Limits;

/// What has happened on a connection.
#[derive(Debug)]
pub(super) struct Activity {
    /// Requests whose answer is not there yet.
    in_flight: AtomicU32,
    waiting: Mutex<Waiting>,
}

/// For what a connection waits while nothing is in flight.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    /// A request's head, of which the first byte came (or for the first
    /// request: the connection) then.
    Head(Instant),
    /// The first byte of the next request, since then.
    Request(Instant),
    /// As `Request`, on a connection where bytes that arrive in between
    /// need not belong to a request.
    Stream(Instant),
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            waiting: Mutex::new(Waiting::Head(Instant::now())),
        }
    }

    /// Notes that a request's head is complete. The request is in flight
    /// until the answer is dropped.
    pub(super) fn begin(&self, multiplexed: bool) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight {
            activity: self,
            multiplexed,
        }
    }

    /// Until when the connection may stay as it is, and when to look again.
    pub(super) fn deadline(&self, limits: &Limits) -> (Instant, Instant) {
        let now = Instant::now();
        let deadline = if self.in_flight.load(Ordering::Relaxed) > 0 {
            now + limits.idle
        } else {
            match *self.lock() {
                Waiting::Head(since) => since + limits.head,
                Waiting::Request(since) | Waiting::Stream(since) => since + limits.idle,
            }
        };
        // A head may begin at any time, or the connection begin to idle, so look
        // at least as often as either would run out.
        let next_look = now + limits.head.min(limits.idle);
        (deadline, deadline.min(next_look))
    }

    fn bytes_arrived(&self) {
        if self.in_flight.load(Ordering::Relaxed) == 0 {
            let mut waiting = self.lock();
            if let Waiting::Request(_) = *waiting {
                *waiting = Waiting::Head(Instant::now());
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request without an answer yet.
pub(super) struct InFlight<'a> {
    activity: &'a Activity,
    multiplexed: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        *self.activity.lock() = if self.multiplexed {
            Waiting::Stream(now)
        } else {
            Waiting::Request(now)
        };
        self.activity.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that tells [`Activity`] of the bytes read.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.bytes_arrived();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
