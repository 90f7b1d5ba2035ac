use std::path::Path;

use crate::command::{Failure, Result, cargo, command, run};
use crate::python::Environment;
use crate::{debian, project};

pub(crate) const HELP: &str = "\
Usage: cargo xtask bench [--quick] [--audit-in-memory] [--with-moto] [--secrets N,…] [--only NAME]
                         [--connections N,…]
       cargo xtask bench --rotation

Builds the server and the load generator (crates/bench) for release, runs both
and prints what each operation takes and costs, beside what the same HTTP stack
costs to answer a constant. docs/performance.md says how to read the tables.
Leave the machine alone meanwhile.

  --audit-in-memory  GetSecretValue also with the audit log in memory
  --quick         short stretches and few secrets: to see that it runs
  --with-moto     measure moto_server beside it; installs it in target/bench-venv
  --secrets N,…   how many secrets to measure with, 1000,100000 by default
  --connections N,…  over these numbers of connections only
  --only NAME     only this operation, GetSecretValue for example
  --rotation      10,000 secrets that rotate at once, and reads beside it; needs
                  a redis-server
";

/// Builds for release, then measures.
pub(crate) fn run_chore(arguments: &[String]) -> Result<()> {
    let rotation = arguments.iter().any(|argument| argument == "--rotation");
    let arguments: Vec<String> = arguments
        .iter()
        .filter(|argument| *argument != "--rotation")
        .cloned()
        .collect();
    let (with_moto, passed_on) = split(&arguments)?;
    let root = project::root();
    let packages = ["--package", "strongroom", "--package", "strongroom-bench"];
    run(cargo(&root, ["build", "--release", "--locked"]).args(packages))?;
    let mut bench = command(
        &root,
        project::built(&root, "release", "strongroom-bench"),
        [if rotation { "rotation" } else { "run" }],
    );
    bench
        .arg("--server")
        .arg(project::built(&root, "release", "strongroom"))
        .args(passed_on);
    if rotation {
        debian::install_missing(&root)?;
    }
    if with_moto {
        debian::install_missing(&root)?;
        let requirements = Path::new("xtask/requirements-bench.txt");
        let environment =
            Environment::prepare(&root, Path::new("target/bench-venv"), requirements)?;
        bench
            .arg("--moto")
            .arg(environment.programs().join("moto_server"));
    }
    run(&mut bench)?;
    // What a decision costs by itself, without HTTP and signatures.
    let package = [
        "--package",
        "strongroom-services",
        "--bench",
        "authorization",
    ];
    run(cargo(&root, ["bench", "--locked"]).args(package))
}

/// Whether moto is wanted, and what the load generator is told.
fn split(arguments: &[String]) -> Result<(bool, Vec<&str>)> {
    let (mut with_moto, mut passed_on) = (false, Vec::new());
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        match argument {
            "--quick" | "--audit-in-memory" => passed_on.push(argument),
            "--connections" | "--only" | "--secrets" => {
                let value = arguments.next();
                let missing = || Failure::new(format!("`{argument}` needs a value"));
                passed_on.extend([argument, value.ok_or_else(missing)?]);
            }
            "--with-moto" => with_moto = true,
            unknown => return Err(Failure::new(format!("there is no option `{unknown}`"))),
        }
    }
    Ok((with_moto, passed_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_sorted_by_whom_they_are_for() {
        let arguments = ["--with-moto", "--secrets", "5", "--quick"].map(str::to_owned);
        assert_eq!(
            split(&arguments).unwrap(),
            (true, vec!["--secrets", "5", "--quick"])
        );
        assert!(split(&["--slow".to_owned()]).is_err());
        assert!(split(&["--secrets".to_owned()]).is_err());
    }
}
