use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the buckets, in microseconds: from what a cached read takes
/// to where clients give up.
const BOUNDS_US: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000,
];

/// How long something took, each time. Noting it is two additions.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    /// Those up to each bound and above the one before; last, those above all.
    counts: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// A histogram at a moment.
#[derive(Debug, PartialEq)]
pub(super) struct Snapshot {
    /// Upper bounds in seconds, and how many are in each bucket alone.
    pub(super) buckets: Vec<(f64, u64)>,
    pub(super) count: u64,
    pub(super) sum: f64,
}

impl Histogram {
    pub(crate) fn note(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS_US.partition_point(|bound| *bound < micros);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let bounds = BOUNDS_US.iter().map(|bound| seconds(*bound));
        let bounds = bounds.chain([f64::INFINITY]);
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        Snapshot {
            count: buckets.iter().map(|(_, count)| count).sum(),
            sum: seconds(self.sum_us.load(Ordering::Relaxed)),
            buckets,
        }
    }
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_bucket_whose_bound_it_does_not_pass() {
        let histogram = Histogram::default();
        for micros in [0, 100, 101, 10_000_000, 10_000_001] {
            histogram.note(Duration::from_micros(micros));
        }
        let snapshot = histogram.snapshot();
        let filled: Vec<_> = snapshot.buckets.into_iter().filter(|b| b.1 > 0).collect();
        let expected = [(0.0001, 2), (0.00025, 1), (10.0, 1), (f64::INFINITY, 1)];
        assert_eq!(filled, expected);
        assert_eq!(snapshot.count, 5);
        assert!((snapshot.sum - 20.000_202).abs() < 1e-9);
    }
}
