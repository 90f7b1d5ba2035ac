use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use strongroom_crypto::Random;
use strongroom_types::Clock;

/// The pause after the first failure.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether an endpoint is down.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Clone, Debug, Default)]
struct State {
    /// One after another.
    failures: u32,
    /// When it was noticed, in milliseconds since the epoch, and why.
    down: Option<(i64, String)>,
}

impl Health {
    pub(super) fn is_down(&self) -> bool {
        self.lock().down.is_some()
    }

    /// Since when and why nothing gets through.
    pub(super) fn down(&self) -> Option<(i64, String)> {
        self.lock().down.clone()
    }

    /// Something got through.
    pub(super) fn succeeded(&self, endpoint: &str) {
        let state = std::mem::take(&mut *self.lock());
        if state.down.is_some() {
            tracing::info!(endpoint, "an endpoint is told of events again");
        }
    }

    /// Nothing got through, and why.
    pub(super) fn failed(&self, endpoint: &str, why: String, clock: &dyn Clock) {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        let since = match state.down.take() {
            Some((since, _)) => since,
            None => {
                tracing::warn!(
                    endpoint,
                    why,
                    "an endpoint cannot be told of events; will retry"
                );
                clock.now().as_millisecond()
            }
        };
        state.down = Some((since, why));
    }

    /// How long to leave the endpoint alone.
    pub(super) fn pause(&self, random: &dyn Random) -> Duration {
        pause(self.lock().failures, random)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pause after so many failures: twice as long after each, and by chance up
/// to a half shorter, so that not all come back at once.
pub(super) fn pause(failures: u32, random: &dyn Random) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE);
    whole / 2 + whole.mul_f64(f64::from(random.below(1000)) / 2000.0)
}

#[cfg(test)]
mod tests {
    use strongroom_crypto::SystemRandom;

    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_differ_by_chance() {
        for (failures, most_ms) in [
            (0, 500),
            (1, 500),
            (2, 1000),
            (5, 8000),
            (8, 60_000),
            (u32::MAX, 60_000),
        ] {
            for _ in 0..50 {
                let ms = pause(failures, &SystemRandom).as_millis();
                assert!((most_ms / 2..=most_ms).contains(&ms), "{failures}: {ms}");
            }
        }
    }
}
