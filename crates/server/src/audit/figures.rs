use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use strongroom_types::Timestamp;

use crate::metrics::Histogram;

/// What the writer of the log did since it was opened.
#[derive(Debug, Default)]
pub struct Figures {
    /// Time to write a group of records and sync it.
    pub(crate) writes: Histogram,
    records: AtomicU64,
    failures: AtomicU64,
    /// Milliseconds since the epoch; 0 for never.
    durable_ms: AtomicI64,
}

impl Figures {
    /// Notes that so many records became durable, or that they did not.
    pub(super) fn note<E>(&self, written: &Result<u64, E>, took: Duration, now: Timestamp) {
        self.writes.note(took);
        match written {
            Ok(records) => {
                self.records.fetch_add(*records, Ordering::Relaxed);
                self.durable_ms
                    .store(now.as_millisecond(), Ordering::Relaxed);
            }
            Err(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Records that became durable.
    pub(crate) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Writes that failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// When a record became durable last, in seconds since the epoch.
    pub(crate) fn last_durable(&self) -> Option<f64> {
        let millis = self.durable_ms.load(Ordering::Relaxed);
        (millis != 0).then_some(millis as f64 / 1000.0)
    }
}
