use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::client::Connection;
use crate::histogram::Histogram;
use crate::workload::{
    Call, Chance, Key, Operation, Target, creation, encryption, key_creation, reading,
};

/// When the next request is due.
enum Pace {
    /// As soon as the one before is answered, until then.
    Closed { until: Instant },
    /// At fixed times, whatever became of the ones before. A request that is
    /// sent late has waited since its time: no slow answer hides another.
    Open {
        start: Instant,
        interval: Duration,
        taken: AtomicU64,
        count: u64,
    },
}

impl Pace {
    /// Waits for the next request's time and returns it; nothing at the end.
    fn next(&self) -> Option<Instant> {
        match self {
            Self::Closed { until } => Some(Instant::now()).filter(|now| now < until),
            Self::Open {
                start,
                interval,
                taken,
                count,
            } => {
                let number = taken.fetch_add(1, Ordering::Relaxed);
                if number >= *count {
                    return None;
                }
                let nanos = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
                let due = *start + Duration::from_nanos(nanos.saturating_mul(number));
                thread::sleep(due.saturating_duration_since(Instant::now()));
                Some(due)
            }
        }
    }
}

/// What came of a stretch of load.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) latencies: Histogram,
    pub(crate) elapsed: Duration,
    pub(crate) failures: Failures,
}

/// Requests that were not answered with 200.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    pub(crate) example: Option<String>,
}

impl Failures {
    fn add(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        self.example.get_or_insert_with(what);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.example = self.example.take().or(other.example);
    }
}

impl Measured {
    /// Of no load.
    pub(crate) fn nothing() -> Self {
        Self {
            latencies: Histogram::new(),
            elapsed: Duration::ZERO,
            failures: Failures::default(),
        }
    }

    /// Adds what came of another stretch of the same load.
    pub(crate) fn add(&mut self, other: Self) {
        self.latencies.merge(&other.latencies);
        self.elapsed += other.elapsed;
        self.failures.merge(other.failures);
    }

    pub(crate) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let requests = self.latencies.total() as f64;
        requests / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// What is asked of whom, over how many connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'a> {
    pub(crate) target: &'a Target,
    pub(crate) operation: Operation,
    /// Secrets that are there already.
    pub(crate) secrets: u64,
    pub(crate) connections: u64,
    /// Another for each stretch, so that none repeats what one before sent.
    pub(crate) seed: u64,
}

impl Load<'_> {
    /// Each connection sends its next request when the last is answered.
    pub(crate) fn closed(&self, duration: Duration) -> Result<Measured> {
        self.run(&Pace::Closed {
            until: Instant::now() + duration,
        })
    }

    /// Requests are due at `per_second`, evenly; latency counts from then.
    pub(crate) fn open(&self, per_second: f64, duration: Duration) -> Result<Measured> {
        let interval = Duration::from_secs_f64(1.0 / per_second.max(1.0));
        let count = duration.as_nanos() / interval.as_nanos().max(1);
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.run(&Pace::Open {
            start: Instant::now(),
            interval,
            taken: AtomicU64::new(0),
            count,
        })
    }

    fn run(&self, pace: &Pace) -> Result<Measured> {
        let started = Instant::now();
        let results: Vec<Result<_>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..self.connections)
                .map(|number| scope.spawn(move || self.connection(number, pace)))
                .collect();
            threads.into_iter().map(join).collect()
        });
        let elapsed = started.elapsed();
        let mut measured = Measured {
            elapsed,
            ..Measured::nothing()
        };
        for result in results {
            let (latencies, failures) = result?;
            measured.latencies.merge(&latencies);
            measured.failures.merge(failures);
        }
        Ok(measured)
    }

    fn connection(&self, number: u64, pace: &Pace) -> Result<(Histogram, Failures)> {
        wake_punctually();
        let mut chance = Chance::new((self.seed << 32) + number);
        let mut connection = Connection::new(self.target.address);
        let (mut latencies, mut failures) = (Histogram::new(), Failures::default());
        loop {
            // Made and signed before its time comes: this is the client's cost.
            let call = self
                .operation
                .call(&self.target.key, self.secrets, &mut chance);
            let request = self.target.request(&call)?;
            let Some(due) = pace.next() else {
                return Ok((latencies, failures));
            };
            send(&mut connection, &request, &mut failures);
            latencies.record(due.elapsed());
        }
    }
}

/// Creates `count` secrets, over enough connections for commits to share
/// their way to the disk.
pub(crate) fn fill(target: &Target, from: u64, count: u64, connections: u64) -> Result<Duration> {
    let calls = |index, chance: &mut Chance| creation(index, chance);
    for_each(target, from, count, connections, calls)
}

/// Reads every secret once: the first read of a secret in a day also writes
/// the date, which is not what a stretch of reads is to measure.
///
/// # Errors
///
/// When a request fails.
pub(crate) fn read_all(target: &Target, count: u64, connections: u64) -> Result<Duration> {
    for_each(target, 0, count, connections, |index, _| reading(index))
}

/// Makes the KMS key to measure with.
///
/// # Errors
///
/// When a request fails.
pub(crate) fn make_key(target: &Target) -> Result<Key> {
    let mut connection = Connection::new(target.address);
    let mut ask = |call: &Call, member: &str| -> Result<String> {
        let status = connection.exchange(&target.request(call)?)?;
        let body = String::from_utf8_lossy(connection.body()).into_owned();
        member_of(&body, member)
            .filter(|_| status == 200)
            .ok_or(format!("cannot prepare the key to measure with: {status} {body}").into())
    };
    let id = ask(&key_creation(), "KeyId")?;
    let ciphertext = ask(&encryption(&id, &mut Chance::new(1)), "CiphertextBlob")?;
    Ok(Key { id, ciphertext })
}

/// The first member `name` of a JSON text whose value is a plain string.
fn member_of(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.to_owned())
}

pub(crate) fn for_each(
    target: &Target,
    from: u64,
    count: u64,
    connections: u64,
    call: impl Fn(u64, &mut Chance) -> Call + Sync,
) -> Result<Duration> {
    let started = Instant::now();
    let taken = AtomicU64::new(from);
    let send_all = |number: u64| -> Result<Failures> {
        let mut chance = Chance::new(!number ^ from);
        let mut connection = Connection::new(target.address);
        let mut failures = Failures::default();
        loop {
            let index = taken.fetch_add(1, Ordering::Relaxed);
            if index >= from + count || failures.count > 0 {
                return Ok(failures);
            }
            let call = call(index, &mut chance);
            send(&mut connection, &target.request(&call)?, &mut failures);
        }
    };
    let results: Vec<Result<Failures>> = thread::scope(|scope| {
        let send_all = &send_all;
        let threads: Vec<_> = (0..connections)
            .map(|number| scope.spawn(move || send_all(number)))
            .collect();
        threads.into_iter().map(join).collect()
    });
    for result in results {
        if let Some(example) = result?.example {
            return Err(format!("cannot prepare the secrets to measure with: {example}").into());
        }
    }
    Ok(started.elapsed())
}

fn send(connection: &mut Connection, request: &[u8], failures: &mut Failures) {
    match connection.exchange(request) {
        Ok(200) => {}
        Ok(status) => {
            failures.add(|| format!("{status} {}", String::from_utf8_lossy(connection.body())));
        }
        Err(error) => failures.add(|| error.to_string()),
    }
}

pub(crate) fn join<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread
        .join()
        .unwrap_or_else(|_| Err("a connection's thread panicked".into()))
}

/// The kernel may wake a sleeper 50 µs late by default, which is more than
/// some answers take. Where it refuses to do better, latencies are that much
/// longer, and nothing else is wrong.
fn wake_punctually() {
    let _ = nix::sys::prctl::set_timerslack(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_requests_are_due_at_their_time_however_late_they_are_sent() {
        let start = Instant::now();
        let interval = Duration::from_millis(1);
        let pace = Pace::Open {
            start,
            interval,
            taken: AtomicU64::new(0),
            count: 3,
        };
        assert_eq!(pace.next(), Some(start));
        thread::sleep(Duration::from_millis(5));
        assert_eq!(pace.next(), Some(start + interval));
        assert_eq!(pace.next(), Some(start + 2 * interval));
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn closed_requests_end_with_their_time() {
        let now = Instant::now();
        assert!(
            Pace::Closed {
                until: now + Duration::from_secs(60)
            }
            .next()
            .is_some()
        );
        assert!(Pace::Closed { until: now }.next().is_none());
    }
}
