use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::command::{Failure, Result, cargo, command, output, run, succeeds};
use crate::{project, test, tidy};

pub(crate) const HELP: &str = "\
Usage: cargo xtask ci

Runs, and stops at the first that fails:

  1. cargo fmt --check
  2. cargo xtask tidy
  3. cargo clippy over all targets, warnings refused
  4. cargo doc, warnings refused
  5. cargo deny check: licences, bans, sources, and advisories where their
     database can be reached. Installs cargo-deny in target/tools if it is missing
  6. cargo xtask test
  7. each fuzz target for half a minute, where cargo-fuzz and a nightly
     toolchain are installed
";

/// The cargo-deny that `deny.toml` is written for.
const CARGO_DENY: &str = "0.20.2";
/// Where cargo-deny fetches its advisories from.
const ADVISORIES: &str = "https://github.com/RustSec/advisory-db";
/// Seconds that each fuzz target runs.
const FUZZ_SECONDS: u32 = 30;

/// A step's name and the step.
type Step = (&'static str, fn(&Path) -> Result<()>);

const STEPS: &[Step] = &[
    ("format", format),
    ("tidy", |_| tidy::run(&[])),
    ("clippy", clippy),
    ("doc", doc),
    ("deny", deny),
    ("test", |_| test::run_chore(&[])),
    ("fuzz", fuzz),
];

/// Runs every step in turn.
pub(crate) fn run_chore(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!(
            "ci takes no arguments, got `{unknown}`"
        )));
    }
    let root = project::root();
    for (name, step) in STEPS {
        println!("ci: {name}");
        step(&root)?;
    }
    println!("ci: all is well");
    Ok(())
}

fn format(root: &Path) -> Result<()> {
    run(&mut cargo(root, ["fmt", "--all", "--check"]))
}

fn clippy(root: &Path) -> Result<()> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    run(&mut cargo(root, arguments))
}

fn doc(root: &Path) -> Result<()> {
    let arguments = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--locked",
    ];
    run(cargo(root, arguments).env("RUSTDOCFLAGS", "-D warnings"))
}

fn deny(root: &Path) -> Result<()> {
    let deny = cargo_deny(root)?;
    run(&mut command(
        root,
        &deny,
        ["--locked", "check", "licenses", "bans", "sources"],
    ))?;
    // A machine behind a wall has no advisories to check against; the one
    // that releases the product has.
    let reach = ["30", "git", "ls-remote", "--quiet", ADVISORIES, "HEAD"];
    if !succeeds(command(root, "timeout", reach).env("GIT_TERMINAL_PROMPT", "0")) {
        println!("ci: advisories not checked, their database is out of reach");
        return Ok(());
    }
    run(&mut command(
        root,
        &deny,
        ["--locked", "check", "advisories"],
    ))
}

/// cargo-deny, from the path or from `target/tools`, where it is installed
/// when neither has it.
fn cargo_deny(root: &Path) -> Result<PathBuf> {
    let on_path = PathBuf::from("cargo-deny");
    if succeeds(&mut command(root, &on_path, ["--version"])) {
        return Ok(on_path);
    }
    let tools = root.join("target/tools");
    let installed = tools.join("bin/cargo-deny");
    if !succeeds(&mut command(root, &installed, ["--version"])) {
        println!("ci: installing cargo-deny {CARGO_DENY} in target/tools");
        let mut install = cargo(root, ["install", "--quiet", "--locked", "cargo-deny"]);
        run(install.args(["--version", CARGO_DENY, "--root"]).arg(tools))?;
    }
    Ok(installed)
}

fn fuzz(root: &Path) -> Result<()> {
    let fuzz = root.join("fuzz");
    if !fuzz.exists() {
        return Ok(());
    }
    let fuzzer = succeeds(&mut command(root, "cargo-fuzz", ["--version"]));
    let nightly = succeeds(&mut command(root, "rustc", ["+nightly", "--version"]));
    if !fuzzer || !nightly {
        println!("ci: fuzz targets not run, they need cargo-fuzz and a nightly toolchain");
        return Ok(());
    }
    let fuzz_cargo = ["+nightly", "fuzz"];
    let targets = output(command(&fuzz, "cargo", fuzz_cargo).arg("list"))?;
    for target in targets.lines() {
        let limit = format!("-max_total_time={FUZZ_SECONDS}");
        // What is found anew goes to the first directory, which git ignores.
        let (corpus, seeds) = (format!("corpus/{target}"), format!("seeds/{target}"));
        fs::create_dir_all(fuzz.join(&corpus))
            .map_err(|error| Failure::new(format!("cannot make fuzz/{corpus}: {error}")))?;
        let mut fuzzed = command(&fuzz, "cargo", fuzz_cargo);
        fuzzed.args(["run", target, &corpus]);
        if fuzz.join(&seeds).exists() {
            fuzzed.arg(&seeds);
        }
        // A thread that is just ending looks like a leak.
        fuzzed.args(["--", &limit, "-max_len=65536", "-detect_leaks=0"]);
        let words = format!("dictionaries/{target}.dict");
        if fuzz.join(&words).exists() {
            fuzzed.arg(format!("-dict={words}"));
        }
        run(&mut fuzzed)?;
    }
    Ok(())
}
