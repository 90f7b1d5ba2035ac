use std::fmt;
use std::time::Duration;

use crate::Result;
use crate::load::Measured;

/// How requests came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// At fixed times, so many a second.
    Due(f64),
    /// One after the other on each of several connections.
    Many(u64),
    /// One after the other on one connection.
    One,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Due(per_second) => write!(f, "{per_second:.0}/s due"),
            Self::Many(connections) => write!(f, "{connections} connections"),
            Self::One => f.write_str("1 connection"),
        }
    }
}

/// A stretch of load, and what it cost the server.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) title: String,
    /// Secrets in the store; none where there is no store.
    pub(crate) secrets: Option<u64>,
    pub(crate) kind: Kind,
    pub(crate) measured: Measured,
    pub(crate) processor_time: Duration,
    /// What a request cost the floors that took turns with it, in the order of
    /// [`FLOORS`]; empty if none did.
    pub(crate) beside: Vec<f64>,
    pub(crate) resident_mib: u64,
}

/// The floors, by the titles of their rows.
pub(crate) const FLOORS: [&str; 2] = ["floor: hyper alone", "floor: our HTTP layer"];

impl Row {
    /// Processor time for a request, microseconds.
    pub(crate) fn cost_micros(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let requests = self.measured.latencies.total().max(1) as f64;
        self.processor_time.as_secs_f64() * 1e6 / requests
    }
}

/// How a server came up on a store that was filled before.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) secrets: u64,
    pub(crate) filled: Duration,
    pub(crate) ready: Duration,
    pub(crate) resident_mib: u64,
}

/// All that was measured, printed as Markdown.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) starts: Vec<Start>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// Whether the figures mean anything: an error is quicker than an answer.
    ///
    /// # Errors
    ///
    /// When a request was not answered with 200.
    pub(crate) fn verdict(&self) -> Result<()> {
        let failures: u64 = self
            .rows
            .iter()
            .map(|row| row.measured.failures.count)
            .sum();
        let example = self.rows.iter().find_map(|row| {
            let example = row.measured.failures.example.as_ref()?;
            Some(format!("{}, {}: {example}", row.title, row.kind))
        });
        match example {
            None => Ok(()),
            Some(example) => Err(format!("{failures} requests failed, as in {example}").into()),
        }
    }

    /// How many times as much as a floor `row` cost: the one that took turns
    /// with it, or the one that was measured under the same load before.
    fn times(&self, place: usize, row: &Row) -> String {
        let is_floor = |floor: &&Row| {
            floor.kind == row.kind && FLOORS.get(place).is_some_and(|title| floor.title == *title)
        };
        let before = || self.rows.iter().find(is_floor).map(Row::cost_micros);
        let floor = row.beside.get(place).copied().or_else(before);
        let floor = floor.filter(|cost| *cost > 0.0);
        floor.map_or("–".to_owned(), |floor| {
            format!("{:.1}", row.cost_micros() / floor)
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| operation | secrets | load | requests/s | p50 ms | p95 ms | p99 ms | CPU µs/request \
             | × hyper | × HTTP layer | memory MiB |\n\
             | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for row in &self.rows {
            let quantile = |per_mille| {
                format!(
                    "{:.2}",
                    row.measured.latencies.quantile(per_mille).as_secs_f64() * 1e3
                )
            };
            writeln!(
                f,
                "| {} | {} | {} | {:.0} | {} | {} | {} | {:.1} | {} | {} | {} |",
                row.title,
                row.secrets
                    .map_or("–".to_owned(), |secrets| secrets.to_string()),
                row.kind,
                row.measured.per_second(),
                quantile(500),
                quantile(950),
                quantile(990),
                row.cost_micros(),
                self.times(0, row),
                self.times(1, row),
                row.resident_mib,
            )?;
        }
        writeln!(
            f,
            "\n| secrets | created/s | start ms | memory after start MiB |\n\
             | ---: | ---: | ---: | ---: |"
        )?;
        for start in &self.starts {
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
            let per_second = start.secrets as f64 / start.filled.as_secs_f64().max(f64::EPSILON);
            writeln!(
                f,
                "| {} | {per_second:.0} | {} | {} |",
                start.secrets,
                start.ready.as_millis(),
                start.resident_mib
            )?;
        }
        writeln!(f, "\n{}", machine())
    }
}

/// What the figures were taken on, in a line.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model
        .unwrap_or("unknown processor")
        .trim_start_matches([' ', '\t', ':']);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "{cores} cores of {model}, Linux {}, load average at the end {load}.",
        kernel.trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;
    use crate::load::Failures;

    fn row(title: &str, kind: Kind, cost_micros: u64) -> Row {
        let mut latencies = Histogram::new();
        latencies.record(Duration::from_millis(2));
        let elapsed = Duration::from_secs(1);
        Row {
            title: title.to_owned(),
            secrets: Some(1_000),
            kind,
            measured: Measured {
                latencies,
                elapsed,
                failures: Failures::default(),
            },
            processor_time: Duration::from_micros(cost_micros),
            beside: Vec::new(),
            resident_mib: 21,
        }
    }

    #[test]
    fn a_floor_that_took_turns_comes_before_one_of_earlier() {
        let mut report = Report::new();
        report.rows = vec![
            row("floor: our HTTP layer", Kind::One, 10),
            Row {
                beside: vec![5.0, 20.0],
                ..row("GetSecretValue", Kind::One, 30)
            },
        ];
        let text = report.to_string();
        assert!(text.contains("| 30.0 | 6.0 | 1.5 | 21 |"), "{text}");
    }

    #[test]
    fn costs_are_compared_under_the_same_load() {
        let mut report = Report::new();
        report.rows = vec![
            row("floor: hyper alone", Kind::One, 20),
            row("floor: hyper alone", Kind::Many(64), 10),
            row("floor: our HTTP layer", Kind::Many(64), 12),
            row("GetSecretValue", Kind::Many(64), 30),
            row("GetSecretValue", Kind::Due(500.0), 30),
        ];
        let text = report.to_string();
        assert!(
            text.contains(
                "| GetSecretValue | 1000 | 64 connections | 1 | 2.02 | 2.02 | 2.02 | 30.0 | 3.0 | 2.5 | 21 |"
            ),
            "{text}"
        );
        assert!(
            text.contains("| GetSecretValue | 1000 | 500/s due | 1 |"),
            "{text}"
        );
        assert!(text.contains("| 30.0 | – | – | 21 |"), "{text}");
    }

    #[test]
    fn a_failure_spoils_the_figures() {
        let mut report = Report::new();
        report.rows.push(row("GetSecretValue", Kind::One, 1));
        assert!(report.verdict().is_ok());
        for row in &mut report.rows {
            row.measured.failures = Failures {
                count: 2,
                example: Some("503 no".to_owned()),
            };
        }
        let verdict = report.verdict().unwrap_err().to_string();
        assert_eq!(
            verdict,
            "2 requests failed, as in GetSecretValue, 1 connection: 503 no"
        );
    }
}
