//! The command line: one file per command.

mod dev;
mod env_file;
mod serve;
mod shapes;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The secrets manager that speaks AWS, on your own machines.
#[derive(Parser)]
#[command(name = "strongroom", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole product on loopback, with nothing to configure
    Dev(dev::Dev),
    /// Print the shapes of all operations as JSON, for the conformance check
    #[command(hide = true)]
    Shapes,
}

/// Why a command did not do what it was asked: a sentence for the operator.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = crate::hardening::harden() {
        return report(&error.into());
    }
    let outcome = match arguments.command {
        Command::Dev(dev) => dev.run(),
        Command::Shapes => shapes::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

/// One line on standard error: what was attempted, and why it failed.
#[expect(
    clippy::print_stderr,
    reason = "the place where a command line program says why it failed"
)]
fn report(failure: &Failure) -> ExitCode {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    eprintln!("strongroom: {text}");
    ExitCode::FAILURE
}
