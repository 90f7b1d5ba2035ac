use std::time::Duration;

/// Buckets within each doubling: a value is known to one part in 64.
const STEPS: u64 = 64;
/// Doublings above `STEPS` nanoseconds: up to more than an hour.
const DOUBLINGS: u64 = 36;

/// Durations, counted in buckets that grow with them: a fixed size, and the
/// same relative precision everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        let buckets = usize::try_from(STEPS * (DOUBLINGS + 1)).unwrap_or(usize::MAX);
        Self {
            counts: vec![0; buckets],
            total: 0,
        }
    }

    pub(crate) fn record(&mut self, duration: Duration) {
        let last = self.counts.len().saturating_sub(1);
        if let Some(count) = self.counts.get_mut(bucket(duration).min(last)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Adds all that `other` counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The duration that `per_mille` of a thousand do not exceed; zero when
    /// nothing was recorded.
    pub(crate) fn quantile(&self, per_mille: u64) -> Duration {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_bound(index);
            }
        }
        Duration::ZERO
    }
}

fn bucket(duration: Duration) -> usize {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let doubling = u64::from(nanos.max(STEPS).ilog2() - STEPS.ilog2());
    // Below STEPS a bucket is a nanosecond; in each doubling above, the top
    // bits of the value are the step.
    let index = match doubling {
        0 if nanos < STEPS => nanos,
        _ => STEPS * doubling + (nanos >> doubling),
    };
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The longest duration that falls into the bucket.
fn upper_bound(index: usize) -> Duration {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    if index < STEPS {
        return Duration::from_nanos(index);
    }
    let doubling = (index / STEPS).saturating_sub(1);
    let step = index - STEPS * doubling;
    Duration::from_nanos(((step + 1) << doubling) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_wide_by_a_sixty_fourth_at_most() {
        for nanos in [
            0,
            1,
            63,
            64,
            65,
            127,
            128,
            1_000,
            123_456,
            1_000_000,
            60_000_000_000,
        ] {
            let upper = u64::try_from(upper_bound(bucket(Duration::from_nanos(nanos))).as_nanos());
            let upper = upper.unwrap();
            assert!(
                upper >= nanos && upper - nanos <= nanos / STEPS,
                "{nanos}: {upper}"
            );
        }
    }

    #[test]
    fn every_bucket_begins_where_the_one_before_ends() {
        for index in 0..3 * usize::try_from(STEPS).unwrap() {
            let next = upper_bound(index) + Duration::from_nanos(1);
            assert_eq!(bucket(upper_bound(index)), index);
            assert_eq!(bucket(next), index + 1);
        }
    }

    #[test]
    fn quantiles_count_from_below() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile(500), Duration::ZERO);
        for nanos in 1..=10 {
            histogram.record(Duration::from_nanos(nanos));
        }
        let mut both = Histogram::new();
        both.merge(&histogram);
        both.merge(&histogram);
        assert_eq!(both.total(), 20);
        assert_eq!(both.quantile(500), Duration::from_nanos(5));
        assert_eq!(both.quantile(990), Duration::from_nanos(10));
        both.record(Duration::from_secs(1_000_000));
        assert!(both.quantile(1000) > Duration::from_secs(3600));
    }
}
