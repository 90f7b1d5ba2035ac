//! The project's own load generator, run by `cargo xtask bench`.
//!
//! `strongroom-bench run` starts servers as child processes, one after the
//! other, loads them over signed HTTP/1.1 requests and prints tables: how many
//! requests a second, how long they took, and what each cost the server in
//! processor time. `strongroom-bench floor` is what that cost is compared to:
//! the same HTTP stack, answering a constant.
//!
//! Threads and blocking sockets, not a runtime: a thread wakes when its own
//! answer or its own time has come, and nothing between measures itself.
//!
//! - `run.rs`: what is measured, in which order
//! - `load.rs`: open and closed loops; `histogram.rs`: what they count in
//! - `workload.rs`: the requests; `client.rs`: sending them
//! - `process.rs`: servers as processes, and what they cost
//! - `rotation.rs`: many rotations at once
//! - `floor.rs`: the servers that do nothing
//! - `report.rs`: the tables
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user"
)]

mod client;
mod floor;
mod histogram;
mod load;
mod process;
mod report;
mod rotation;
mod run;
mod workload;

use std::error::Error;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

use floor::Floor;
use run::Plan;
use workload::Operation;

/// A tool's errors are for its user to read; nothing here tells them apart.
type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const HELP: &str = "\
Usage: strongroom-bench run --server PATH [--moto PATH] [--secrets N,…] [--only NAME] [--quick]
                            [--connections N,…] [--audit-in-memory]
       strongroom-bench rotation --server PATH [--secrets N] [--reads N]
       strongroom-bench floor --listen ADDRESS [--bare]

run      Measures the server at PATH, and the floor below it.
  --moto PATH     measure this moto_server beside it
  --secrets N,…   how many secrets to measure with (1000,100000)
  --only NAME     only this operation, for whoever holds a profiler to it
  --connections N,…  over these numbers of connections only, and no fixed times
  --audit-in-memory  measure also with the audit log on a file system in memory
  --quick         two seconds a stretch instead of eight, 1000 and 5000 secrets
rotation Rotates many secrets at once, with the reads beside it.
  --secrets N     how many (10000)
  --reads N       reads a second (500)
floor    Answers a constant to every request on ADDRESS.
  --bare          with hyper alone, not with the server's own HTTP layer
";

enum Invocation {
    Floor(Floor, std::net::SocketAddr),
    Help,
    Rotation(rotation::Plan),
    Run(Plan),
}

fn main() -> ExitCode {
    let invocation = match parse(std::env::args().skip(1)) {
        Ok(invocation) => invocation,
        Err(error) => {
            eprint!("strongroom-bench: {error}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    let done = match invocation {
        Invocation::Floor(floor, address) => floor::run(floor, address),
        Invocation::Help => {
            print!("{HELP}");
            Ok(())
        }
        Invocation::Rotation(plan) => rotation::run(&plan),
        Invocation::Run(plan) => run::run(&plan),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strongroom-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Invocation> {
    let command = arguments.next().unwrap_or_else(|| "--help".to_owned());
    let mut plan = Plan::default();
    let mut server = None;
    let (mut listen, mut bare) = (None, false);
    let (mut secrets, mut reads) = (10_000, 500.0);
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{option}` needs a value"));
        match (command.as_str(), option.as_str()) {
            ("run" | "rotation" | "floor", "-h" | "--help") => return Ok(Invocation::Help),
            ("run" | "rotation", "--server") => server = Some(PathBuf::from(value()?)),
            ("run", "--moto") => plan.moto = Some(PathBuf::from(value()?)),
            ("run", "--secrets") => plan.secrets = Some(numbers(&option, &value()?)?),
            ("run", "--connections") => plan.connections = Some(numbers(&option, &value()?)?),
            ("run", "--only") => {
                let name = value()?;
                let operation = Operation::ALL
                    .into_iter()
                    .find(|known| known.name() == name);
                plan.only = Some(operation.ok_or(format!("`{name}` is not measured"))?);
            }
            ("rotation", "--secrets") => {
                secrets = value()?.parse().map_err(|_| "`--secrets` takes a number")?;
            }
            ("rotation", "--reads") => {
                reads = value()?.parse().map_err(|_| "`--reads` takes a number")?;
            }
            ("run", "--quick") => plan.quick = true,
            ("run", "--audit-in-memory") => plan.audit_in_memory = true,
            ("floor", "--listen") => {
                listen = Some(
                    value()?
                        .parse()
                        .map_err(|_| "`--listen` takes an address")?,
                );
            }
            ("floor", "--bare") => bare = true,
            _ => return Err(format!("there is no option `{option}`").into()),
        }
    }
    match command.as_str() {
        "run" => {
            plan.server = server.ok_or("`--server` is missing")?;
            Ok(Invocation::Run(plan))
        }
        "rotation" => Ok(Invocation::Rotation(rotation::Plan {
            server: server.ok_or("`--server` is missing")?,
            secrets,
            reads,
        })),
        "floor" => {
            let floor = if bare { Floor::Bare } else { Floor::Layer };
            Ok(Invocation::Floor(
                floor,
                listen.ok_or("`--listen` is missing")?,
            ))
        }
        "-h" | "--help" | "help" => Ok(Invocation::Help),
        _ => Err(format!("there is no command `{command}`").into()),
    }
}

fn numbers(option: &str, list: &str) -> Result<Vec<NonZeroU64>> {
    let numbers: std::result::Result<_, _> = list.split(',').map(str::parse).collect();
    numbers.map_err(|_| format!("`{option}` takes numbers above 0").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<Invocation> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_take_their_own_options() {
        assert!(matches!(
            check("run --server s --quick --secrets 5,10 --connections 1,8"),
            Ok(Invocation::Run(_))
        ));
        assert!(matches!(
            check("floor --listen 127.0.0.1:1 --bare"),
            Ok(Invocation::Floor(Floor::Bare, _))
        ));
        assert!(matches!(
            check("rotation --server s --secrets 5"),
            Ok(Invocation::Rotation(_))
        ));
        assert!(matches!(check(""), Ok(Invocation::Help)));
        for wrong in [
            "run",
            "floor",
            "floor --quick",
            "run --server s --secrets x",
            "run --server s --connections 0",
            "walk",
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
