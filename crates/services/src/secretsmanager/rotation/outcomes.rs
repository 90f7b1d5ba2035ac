//! How rotations went, counted for the operator's metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::cloudtrail::Event;

/// The service events that tell of rotations.
const EVENTS: [&str; 7] = [
    "RotationStarted",
    "RotationSucceeded",
    "RotationFailed",
    "RotationAbandoned",
    "TestRotationStarted",
    "TestRotationSucceeded",
    "TestRotationFailed",
];

/// How often each service event of rotation came since the process began.
#[derive(Debug, Default)]
pub struct Outcomes([AtomicU64; EVENTS.len()]);

impl Outcomes {
    /// Counts those events that tell of rotations. To be called once they are
    /// committed.
    pub(crate) fn note(&self, events: &[Event]) {
        for event in events {
            let place = EVENTS.iter().position(|name| *name == event.name);
            if let Some(count) = place.and_then(|place| self.0.get(place)) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Each event's name, and how often it was.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        EVENTS.into_iter().zip(counts)
    }
}
