use std::fs::{DirBuilder, File};
use std::num::NonZeroU64;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Result;
use crate::load::{Load, Measured, fill, make_key, read_all};
use crate::process::{Server, free_address, read_exports};
use crate::report::{FLOORS, Kind, Report, Row, Start};
use crate::workload::{Key, Operation, Target};

/// Connections of a modest deployment.
const FEW: u64 = 16;
/// Connections that keep a server of a few cores busy although each answer
/// waits for the disk, and let answers share their way there.
const MANY: u64 = 64;
/// Connections over which requests are sent at fixed times: enough that one
/// is free whenever a request is due, unless the server falls behind.
const PUNCTUAL: u64 = 128;
/// The share of the most that a server does at which it is sent requests at
/// fixed times.
const AT_EASE: f64 = 0.5;
/// What is compared takes turns of this length with the floors, so that
/// whatever else the machine does meets all of them.
const TURN: Duration = Duration::from_millis(500);
/// Time for the server to write the dates of the first reads.
const SETTLE: Duration = Duration::from_secs(5);
/// A file system in memory.
const MEMORY: &str = "/dev/shm";
/// Secrets for moto, which takes its time.
const MOTO_SECRETS: u64 = 200;

/// What to measure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) server: PathBuf,
    pub(crate) moto: Option<PathBuf>,
    /// How many secrets to measure with, one server after the other.
    pub(crate) secrets: Option<Vec<NonZeroU64>>,
    pub(crate) only: Option<Operation>,
    /// Over how many connections to measure, if not over all the usual numbers
    /// and at fixed times.
    pub(crate) connections: Option<Vec<NonZeroU64>>,
    /// To see that it runs, not for figures.
    pub(crate) quick: bool,
    /// Whether to measure also with the audit log in memory.
    pub(crate) audit_in_memory: bool,
}

impl Plan {
    fn secrets(&self) -> Vec<u64> {
        match &self.secrets {
            Some(secrets) => secrets.iter().map(|count| count.get()).collect(),
            None if self.quick => vec![1_000, 5_000],
            None => vec![1_000, 100_000],
        }
    }

    /// How requests are sent that change nothing, or something.
    fn kinds(&self, writes: bool) -> Vec<Kind> {
        let few = (!writes).then_some(Kind::Many(FEW));
        match &self.connections {
            None => [Kind::One]
                .into_iter()
                .chain(few)
                .chain([Kind::Many(MANY)])
                .collect(),
            Some(numbers) => {
                let of = |number: &NonZeroU64| match number.get() {
                    1 => Kind::One,
                    more => Kind::Many(more),
                };
                numbers.iter().map(of).collect()
            }
        }
    }

    fn stretch(&self) -> Duration {
        Duration::from_secs(if self.quick { 2 } else { 8 })
    }

    fn warm_up(&self) -> Duration {
        self.stretch() / 4
    }
}

/// Measures everything and prints the report.
///
/// # Errors
///
/// When a server cannot be run, or did not answer every request with 200.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let mut bench = Bench {
        plan,
        report: Report::new(),
        stretches: 0,
        floors: Vec::new(),
    };
    for (title, options) in FLOORS.into_iter().zip([&["--bare"] as &[_], &[]]) {
        bench.floor(title, options)?;
    }
    for secrets in plan.secrets() {
        bench.strongroom(secrets, Audit::OnDisk)?;
        if plan.audit_in_memory {
            bench.strongroom(secrets, Audit::InMemory)?;
        }
    }
    if let Some(moto) = &plan.moto {
        bench.moto(moto)?;
    }
    print!("{}", bench.report);
    bench.report.verdict()
}

/// Where the audit log is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audit {
    InMemory,
    OnDisk,
}

/// Has the server find the directory of its audit log on a file system in
/// memory: the same work, but for that of the disk.
fn put_log_in_memory(directory: &TempDir) -> Result<TempDir> {
    let memory = tempfile::tempdir_in(MEMORY)?;
    let data = directory.path().join("data");
    DirBuilder::new().mode(0o700).create(&data)?;
    symlink(memory.path(), data.join("audit"))?;
    Ok(memory)
}

struct Bench<'p> {
    plan: &'p Plan,
    report: Report,
    stretches: u64,
    /// Kept for turns with what is compared to them.
    floors: Vec<(Server, Target)>,
}

impl Bench<'_> {
    fn floor(&mut self, title: &str, options: &[&str]) -> Result<()> {
        eprintln!("bench: {title}");
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["floor", "--listen", &address.to_string()])
            .args(options);
        let server = Server::start(&mut command, address, || true)?;
        let target = Target::unauthenticated(address);
        let subject = Subject {
            server: &server,
            target: &target,
            title: title.to_owned(),
        };
        for kind in self.plan.kinds(false) {
            self.stretch(&subject, Operation::GetSecretValue, None, kind)?;
        }
        self.floors.push((server, target));
        Ok(())
    }

    fn strongroom(&mut self, secrets: u64, audit: Audit) -> Result<()> {
        eprintln!("bench: strongroom with {secrets} secrets");
        // Beside the binary, on a real disk: where fsync is free, writes are.
        let beside = self.plan.server.parent().unwrap_or(Path::new("."));
        let directory = tempfile::tempdir_in(beside)?;
        let _memory = match audit {
            Audit::OnDisk => None,
            Audit::InMemory => Some(put_log_in_memory(&directory)?),
        };
        let (server, target, _) = start(&self.plan.server, &directory)?;
        let filled = fill(&target, 0, secrets, MANY)?;
        server.stop()?;

        let (server, mut target, ready) = start(&self.plan.server, &directory)?;
        let resident_mib = server.resident_mib()?;
        self.report.starts.push(Start {
            secrets,
            filled,
            ready,
            resident_mib,
        });
        let read = read_all(&target, secrets, MANY)?;
        eprintln!("bench: all read once in {:.1} s", read.as_secs_f64());
        target.key = make_key(&target)?;
        // The dates of those reads are written meanwhile, each of which drops
        // what is kept in memory of its secret.
        std::thread::sleep(SETTLE);
        read_all(&target, secrets, MANY)?;
        let only = self.plan.only;
        for operation in Operation::ALL
            .into_iter()
            .filter(|it| only.is_none_or(|only| only == *it))
            .filter(|it| audit == Audit::OnDisk || *it == Operation::GetSecretValue)
        {
            let title = match audit {
                Audit::OnDisk => operation.title(),
                Audit::InMemory => format!("{}, audit in memory", operation.title()),
            };
            let subject = Subject {
                server: &server,
                target: &target,
                title,
            };
            let mut most = 0.0;
            for kind in self.plan.kinds(operation.writes()) {
                most = self.stretch(&subject, operation, Some(secrets), kind)?;
            }
            if self.plan.connections.is_none() {
                let at_ease = Kind::Due(most * AT_EASE);
                self.stretch(&subject, operation, Some(secrets), at_ease)?;
            }
        }
        server.stop()
    }

    fn moto(&mut self, program: &Path) -> Result<()> {
        eprintln!("bench: moto");
        let address = free_address()?;
        let mut command = Command::new(program);
        let port = address.port().to_string();
        command
            .args(["-H", "127.0.0.1", "-p", &port])
            .stderr(std::process::Stdio::null());
        let server = Server::start(&mut command, address, || true)?;
        let target = Target::unauthenticated(address);
        fill(&target, 0, MOTO_SECRETS, 1)?;
        let title = format!("moto: {}", Operation::GetSecretValue.title());
        let subject = Subject {
            server: &server,
            target: &target,
            title,
        };
        for kind in [Kind::One, Kind::Many(4)] {
            self.stretch(
                &subject,
                Operation::GetSecretValue,
                Some(MOTO_SECRETS),
                kind,
            )?;
        }
        Ok(())
    }

    /// Warms up, measures, adds a row to the report and returns the requests
    /// a second.
    fn stretch(
        &mut self,
        subject: &Subject<'_>,
        operation: Operation,
        secrets: Option<u64>,
        kind: Kind,
    ) -> Result<f64> {
        let connections = match kind {
            Kind::One => 1,
            Kind::Many(connections) => connections,
            Kind::Due(_) => PUNCTUAL,
        };
        self.stretches += 1;
        let load = Load {
            target: subject.target,
            operation,
            secrets: secrets.unwrap_or(1),
            connections,
            seed: self.stretches,
        };
        let go = |load: &Load<'_>, duration| match kind {
            Kind::Due(per_second) => load.open(per_second, duration),
            Kind::One | Kind::Many(_) => load.closed(duration),
        };
        go(&load, self.plan.warm_up())?;
        // Only what is promised as a ratio is worth three times the time.
        let is_compared = operation == Operation::GetSecretValue
            && secrets.is_some()
            && !matches!(kind, Kind::Due(_));
        let turns: u32 = if is_compared {
            u32::try_from(self.plan.stretch().as_millis() / TURN.as_millis())?
        } else {
            1
        };
        let mut row = Row {
            title: subject.title.clone(),
            secrets,
            kind,
            measured: Measured::nothing(),
            processor_time: Duration::ZERO,
            beside: Vec::new(),
            resident_mib: 0,
        };
        let floors = if is_compared {
            self.floors.as_slice()
        } else {
            &[]
        };
        let mut beside: Vec<Row> = floors.iter().map(|_| row.clone()).collect();
        for _ in 0..turns {
            let mut turn = |server: &Server, target, row: &mut Row| -> Result<()> {
                self.stretches += 1;
                let load = Load {
                    target,
                    seed: self.stretches,
                    ..load
                };
                let before = server.processor_time()?;
                row.measured.add(go(&load, self.plan.stretch() / turns)?);
                row.processor_time += server.processor_time()?.saturating_sub(before);
                Ok(())
            };
            turn(subject.server, subject.target, &mut row)?;
            for ((server, target), row) in floors.iter().zip(&mut beside) {
                turn(server, target, row)?;
            }
        }
        row.beside = beside.iter().map(Row::cost_micros).collect();
        row.resident_mib = subject.server.resident_mib()?;
        let per_second = row.measured.per_second();
        self.report.rows.push(row);
        Ok(per_second)
    }
}

/// Starts the server on what `directory` holds; how long that took until
/// it answered is the third part.
pub(crate) fn start(program: &Path, directory: &TempDir) -> Result<(Server, Target, Duration)> {
    let environment = directory.path().join("exports.env");
    if environment.exists() {
        std::fs::remove_file(&environment)?;
    }
    let address = free_address()?;
    let mut command = Command::new(program);
    command
        .args(["dev", "--listen", &address.to_string(), "--data-dir"])
        .arg(directory.path().join("data"))
        .arg("--env-file")
        .arg(&environment)
        .stderr(File::create(directory.path().join("log"))?);
    let started = Instant::now();
    let server = Server::start(&mut command, address, || environment.exists())
        .map_err(|error| with_log(&error.to_string(), directory))?;
    let ready = started.elapsed();
    let exports = read_exports(&environment)?;
    let variable = |name: &str| {
        let found = exports.iter().find(|(export, _)| export == name);
        found
            .map(|(_, value)| value.clone())
            .ok_or(format!("the env file has no `{name}`"))
    };
    let target = Target {
        address,
        region: variable("AWS_REGION")?,
        access_key_id: variable("AWS_ACCESS_KEY_ID")?,
        secret_access_key: variable("AWS_SECRET_ACCESS_KEY")?,
        key: Key::default(),
    };
    Ok((server, target, ready))
}

/// A server, and what its rows are called.
struct Subject<'a> {
    server: &'a Server,
    target: &'a Target,
    title: String,
}

fn with_log(error: &str, directory: &TempDir) -> String {
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let tail = lines
        .get(lines.len().saturating_sub(10)..)
        .unwrap_or_default();
    format!("{error}\n{}", tail.join("\n"))
}
