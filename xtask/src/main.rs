//! The project's own chores, run as `cargo xtask <chore>`.
//!
//! A chore is a module with a `HELP` and a `run`; add yours to [`CHORES`].
//! Chores use the standard library, so that a fresh machine builds them in
//! seconds, and install what else they need themselves.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user"
)]

mod bench;
mod ci;
mod command;
mod conformance;
mod debian;
mod javascript;
mod project;
mod python;
mod test;
mod tidy;

use std::process::ExitCode;

use command::Result;

/// A chore: its name, what it does in one line, its help, and itself.
struct Chore {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const CHORES: &[Chore] = &[
    Chore {
        name: "bench",
        summary: "measure what each operation takes and costs",
        help: bench::HELP,
        run: bench::run_chore,
    },
    Chore {
        name: "ci",
        summary: "all that must hold before a change goes in",
        help: ci::HELP,
        run: ci::run_chore,
    },
    Chore {
        name: "conformance",
        summary: "compare what the server declares with AWS's service models",
        help: conformance::HELP,
        run: conformance::run_chore,
    },
    Chore {
        name: "test",
        summary: "install what the tests need, then run all of them",
        help: test::HELP,
        run: test::run_chore,
    },
    Chore {
        name: "tidy",
        summary: "check the house rules that no compiler knows",
        help: tidy::HELP,
        run: tidy::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", usage());
        return ExitCode::FAILURE;
    };
    if matches!(name.as_str(), "-h" | "--help" | "help") {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        eprint!("xtask: there is no chore `{name}`\n\n{}", usage());
        return ExitCode::FAILURE;
    };
    if rest
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|a| a == "-h" || a == "--help")
    {
        print!("{}", chore.help);
        return ExitCode::SUCCESS;
    }
    match (chore.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{name}: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut usage = String::from("Usage: cargo xtask <chore> [options]\n\n");
    for chore in CHORES {
        usage.push_str(&format!("  {:<12} {}\n", chore.name, chore.summary));
    }
    usage.push_str("\n`cargo xtask <chore> --help` says more.\n");
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_names_every_chore() {
        for chore in CHORES {
            assert!(usage().contains(chore.summary));
            assert!(chore.help.contains(&format!("cargo xtask {}", chore.name)));
        }
    }
}
