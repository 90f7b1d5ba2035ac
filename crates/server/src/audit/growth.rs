//! How fast the log grows, for whoever indexes it beside other work.

use std::time::{Duration, Instant};

/// How long the log is watched before it is said how it grows.
const WINDOW: Duration = Duration::from_secs(5);
/// A log that fills a segment in less than this would take 4 % of a core and more to
/// index as it grows. Its requests need the processor more than its indexes do.
const FAST: Duration = Duration::from_secs(2);

/// How fast a log grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Growth {
    /// It begins no segments.
    Quiet,
    /// Its segments are indexed as they come.
    Steady,
    /// Its segments come faster than they should be indexed.
    Fast,
}

/// Watches it.
#[derive(Debug)]
pub(super) struct Watch {
    /// The newest segment when the window began.
    newest: u64,
    since: Instant,
    growth: Growth,
}

impl Watch {
    /// Begins to watch. Until it is known better, growth is steady.
    pub(super) fn begin(now: Instant) -> Self {
        Self {
            newest: 0,
            since: now,
            growth: Growth::Steady,
        }
    }

    /// How the log grew in the last window that is over. `newest` is the sequence of
    /// its newest segment.
    pub(super) fn look(&mut self, newest: u64, now: Instant) -> Growth {
        let passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            let grown = u32::try_from(newest.saturating_sub(self.newest)).unwrap_or(u32::MAX);
            self.growth = match grown {
                // What came before was not watched.
                _ if self.newest == 0 => Growth::Steady,
                0 => Growth::Quiet,
                _ if passed < FAST.saturating_mul(grown) => Growth::Fast,
                _ => Growth::Steady,
            };
            (self.newest, self.since) = (newest, now);
        }
        self.growth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_by_the_last_window() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut watch = Watch::begin(start);
        for (second, newest, growth) in [
            (1, 3, Growth::Steady),
            // 3 segments were there before, perhaps.
            (5, 3, Growth::Steady),
            (9, 9, Growth::Steady),
            (10, 9, Growth::Fast),
            (14, 9, Growth::Fast),
            (15, 9, Growth::Quiet),
            (16, 10, Growth::Quiet),
            (20, 11, Growth::Steady),
            // A window that was looked at late: 4 segments in 9 seconds.
            (29, 15, Growth::Steady),
            (34, 18, Growth::Fast),
        ] {
            assert_eq!(watch.look(newest, at(second)), growth, "at {second} s");
        }
    }
}
