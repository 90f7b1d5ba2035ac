//! The command line: one file per command.
//!
//! `dev` and `server` run a node (`serve.rs` is what they share). The others
//! look after a store, for which `place.rs` finds the running node or opens
//! the store itself.

mod audit;
mod backup;
mod dev;
mod doctor;
mod env_file;
mod events;
mod explain;
mod findings;
mod functions;
mod init;
mod jobs;
mod output;
mod place;
mod restore;
mod seal;
mod serve;
mod server;
mod shapes;
mod verify;

use std::{pin::Pin, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::admin::sentence;

/// The secrets manager that speaks AWS, on your own machines.
#[derive(Parser)]
#[command(name = "strongroom", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read the audit log, and check it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Copy the store into a file, also while the node runs
    Backup(backup::Backup),
    /// Run the whole product on loopback, with nothing to configure
    Dev(dev::Dev),
    /// Look at what a node needs, and say what is in its way
    Doctor(doctor::Doctor),
    /// Say how far event endpoints were told, and look after their dead letters
    #[command(subcommand)]
    Events(events::Events),
    /// Say whether a principal may do something, and why
    Explain(explain::Explain),
    /// List what the rules that watch over secrets found
    Findings(findings::Findings),
    /// Look after users' own functions
    Functions(functions::Functions),
    /// Make the store of a server, and print the administrator's credentials
    Init(init::Init),
    /// List what waits to be done in the background
    Jobs(jobs::Jobs),
    /// Make a store from a backup
    Restore(restore::Restore),
    /// Look after the keys that seal the store
    #[command(subcommand)]
    Seal(seal::Seal),
    /// Run as the configuration says
    Server(server::Server),
    /// Print the shapes of all operations as JSON, for the conformance check
    #[command(hide = true)]
    Shapes,
    /// Read everything in the store and say what is wrong with it
    Verify(verify::Verify),
}

/// Why a command did not do what it was asked: a sentence for the operator.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    crate::hardening::close_inherited();
    let arguments = Arguments::parse();
    if let Err(error) = crate::hardening::harden() {
        return report(&error.into());
    }
    let outcome = match arguments.command {
        Command::Audit(audit) => block_on(audit.run()),
        Command::Backup(backup) => block_on(backup.run()),
        Command::Dev(dev) => block_on(dev.run()),
        Command::Doctor(doctor) => block_on(doctor.run()),
        Command::Events(events) => block_on(events.run()),
        Command::Explain(explain) => block_on(explain.run()),
        Command::Findings(findings) => block_on(findings.run()),
        Command::Functions(functions) => functions.run(),
        Command::Init(init) => block_on(init.run()),
        Command::Jobs(jobs) => block_on(jobs.run()),
        Command::Restore(restore) => block_on(restore.run()),
        Command::Seal(seal) => block_on(seal.run()),
        Command::Server(server) => block_on(server.run()),
        Command::Shapes => shapes::run(),
        Command::Verify(verify) => block_on(verify.run()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    // Without its type: whatever a command does would be compiled again for
    // each of the runtime's ways to wait for it.
    let command: Pin<Box<dyn Future<Output = Result<(), Failure>>>> = Box::pin(command);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command)
}

/// One line on standard error: what was attempted, and why it failed.
fn report(failure: &Failure) -> ExitCode {
    output::complain(&sentence(failure.as_ref()));
    ExitCode::FAILURE
}
