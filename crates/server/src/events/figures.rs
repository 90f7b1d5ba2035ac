//! How an endpoint is doing, for whoever scrapes.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use jiff::Timestamp;

/// What was so of an endpoint a second ago.
#[derive(Debug, Default)]
pub struct Figures {
    is_down: AtomicBool,
    dead: AtomicUsize,
    /// Of the record up to which it was told, in seconds since the epoch; 0
    /// before the first.
    told_until: AtomicI64,
}

impl Figures {
    /// Notes whether nothing gets through, how many events were given up, and
    /// the time of the last record that it was told of.
    pub(super) fn note(&self, is_down: bool, dead: usize, event_time: &str) {
        self.is_down.store(is_down, Ordering::Relaxed);
        self.dead.store(dead, Ordering::Relaxed);
        if let Ok(time) = event_time.parse::<Timestamp>() {
            self.told_until.store(time.as_second(), Ordering::Relaxed);
        }
    }

    /// Whether the last attempt to tell it of events succeeded.
    pub fn is_up(&self) -> bool {
        !self.is_down.load(Ordering::Relaxed)
    }

    /// Events that it refused until they were given up.
    pub fn dead_letters(&self) -> usize {
        self.dead.load(Ordering::Relaxed)
    }

    /// The time of the record up to which it was told, in seconds since the
    /// epoch; nothing if there was none.
    pub fn told_until(&self) -> Option<i64> {
        Some(self.told_until.load(Ordering::Relaxed)).filter(|second| *second > 0)
    }
}
