use std::path::Path;
use std::process::Command;

use crate::command::{Failure, Result, cargo, run, status};
use crate::conformance;
use crate::debian;
use crate::javascript;
use crate::project;
use crate::python::{self, Environment};

pub(crate) const HELP: &str = "\
Usage: cargo xtask test [--deep] [filters…]

Installs what the tests need and says so in one line: Debian packages (as root,
else it names them), the AWS CLI, boto3 and pytest in `.venv`, and the AWS SDK for
JavaScript. Then runs, and fails if any of them fails:

  1. cargo test, over the whole workspace
  2. pytest in crates/server/tests/clients: the official clients against the
     binary of the dev profile
  3. cargo xtask conformance (not when there are filters)

  --deep      more random cases and more crash rounds (STRONGROOM_DEEP=1)
  filters     run only the tests whose name contains one of these words
";

/// Where the tests by the official clients are.
const CLIENTS: &str = "crates/server/tests/clients";
/// Random cases of each property under `--deep`; proptest's own default is 256.
const DEEP_CASES: &str = "4096";
/// What pytest ends with when no test matched.
const PYTEST_NOTHING_MATCHED: i32 = 5;

struct Options {
    deep: bool,
    filters: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            deep: false,
            filters: Vec::new(),
        };
        for argument in arguments {
            match argument.as_str() {
                "--deep" => options.deep = true,
                unknown if unknown.starts_with('-') => {
                    return Err(Failure::new(format!("there is no option `{unknown}`")));
                }
                filter => options.filters.push(filter.to_owned()),
            }
        }
        Ok(options)
    }
}

/// Runs every test, to the end even where one fails.
pub(crate) fn run_chore(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let root = project::root();
    let environment = prepare(&root)?;

    let mut failed = Vec::new();
    if let Err(failure) = run(&mut cargo_test(&root, &options)) {
        failed.push(failure);
    }
    // The binary as `cargo build` makes it, free of what test builds add.
    match run(&mut cargo(
        &root,
        ["build", "--locked", "--package", "strongroom"],
    )) {
        Err(failure) => failed.push(failure),
        Ok(()) => {
            failed.extend(clients(&root, &environment, &options).err());
            if options.filters.is_empty() {
                failed.extend(conformance::check(&root, &environment).err());
            }
        }
    }
    summary(&failed)
}

/// Installs what is missing, and says in one line what that was.
pub(crate) fn prepare(root: &Path) -> Result<Environment> {
    let packages = debian::install_missing(root)?;
    let requirements = Path::new("xtask/requirements.txt");
    let environment = Environment::prepare(root, Path::new(".venv"), requirements)?;
    let mut installed: Vec<String> = packages.iter().map(|&name| name.to_owned()).collect();
    if environment.installed {
        let text = project::read(&root.join(requirements))?;
        let clients = python::pinned(&text, &["awscli", "boto3", "pytest"]);
        installed.push(format!("{clients} in .venv"));
    }
    if javascript::prepare(root)? {
        installed.push("the AWS SDK for JavaScript".to_owned());
    }
    if installed.is_empty() {
        println!("test: everything in place");
    } else {
        println!("test: installed {}", installed.join(", "));
    }
    Ok(environment)
}

fn cargo_test(root: &Path, options: &Options) -> Command {
    let mut test = cargo(root, ["test", "--workspace", "--locked", "--no-fail-fast"]);
    if options.deep {
        test.env("STRONGROOM_DEEP", "1")
            .env("PROPTEST_CASES", DEEP_CASES);
    }
    if !options.filters.is_empty() {
        test.arg("--").args(&options.filters);
    }
    test
}

fn clients(root: &Path, environment: &Environment, options: &Options) -> Result<()> {
    let mut pytest = environment.python(root, ["-m", "pytest", "-p", "no:cacheprovider", CLIENTS]);
    // The tester's own AWS set-up must neither help nor hinder.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            pytest.env_remove(name);
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(environment.programs()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(paths)
        .map_err(|error| Failure::new(format!("cannot put .venv on the path: {error}")))?;
    pytest
        .env("PATH", path)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(
            "STRONGROOM_BIN",
            project::built(root, "debug", "strongroom"),
        );
    if options.deep {
        pytest.env("STRONGROOM_DEEP", "1");
    }
    if !options.filters.is_empty() {
        pytest.arg("-k").arg(options.filters.join(" or "));
    }
    let ended = status(&mut pytest)?;
    let nothing_matched = ended.code() == Some(PYTEST_NOTHING_MATCHED);
    if ended.success() || nothing_matched && !options.filters.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("pytest in {CLIENTS} failed: {ended}")))
}

fn summary(failed: &[Failure]) -> Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = failed
        .iter()
        .map(|failure| format!("\n  {failure}"))
        .collect();
    Err(Failure::new(format!("not all is well:{}", lines.concat())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Result<Options> {
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn words_are_filters_and_unknown_options_are_refused() {
        let parsed = options(&["--deep", "rotate", "delete"]).unwrap();
        assert!(parsed.deep);
        assert_eq!(parsed.filters, ["rotate", "delete"]);
        assert!(options(&["--fast"]).is_err());
    }

    #[test]
    fn filters_reach_the_test_binaries() {
        let command = cargo_test(Path::new("/"), &options(&["rotate"]).unwrap());
        let arguments: Vec<_> = command.get_args().collect();
        assert!(arguments.ends_with(&["--".as_ref(), "rotate".as_ref()]));
    }

    #[test]
    fn a_summary_lists_all_that_failed() {
        assert!(summary(&[]).is_ok());
        let failure = summary(&[Failure::new("one"), Failure::new("two")]).unwrap_err();
        assert_eq!(failure.to_string(), "not all is well:\n  one\n  two");
    }
}
