use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Failure, Result, command, run};
use crate::project;

/// A virtual environment that holds exactly what a requirements file pins.
pub(crate) struct Environment {
    directory: PathBuf,
    /// Whether [`Environment::prepare`] had to make it.
    pub(crate) installed: bool,
}

impl Environment {
    /// Makes the environment at `directory` from the file `requirements`,
    /// unless an earlier call has made just that.
    ///
    /// # Errors
    ///
    /// When Python cannot make it, or pip cannot install what is pinned.
    pub(crate) fn prepare(root: &Path, directory: &Path, requirements: &Path) -> Result<Self> {
        let directory = root.join(directory);
        let wanted = stamp(&directory, &project::read(&root.join(requirements))?);
        let marker = directory.join("installed.txt");
        if fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
            return Ok(Self {
                directory,
                installed: false,
            });
        }
        if directory.exists() {
            fs::remove_dir_all(&directory).map_err(|error| {
                Failure::new(format!("cannot remove {}: {error}", directory.display()))
            })?;
        }
        run(command(root, "python3", ["-m", "venv"]).arg(&directory))?;
        let environment = Self {
            directory,
            installed: true,
        };
        run(environment
            .python(
                root,
                [
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ],
            )
            .arg("--requirement")
            .arg(requirements))?;
        // Written last: an interrupted installation is made again.
        fs::write(&marker, wanted)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", marker.display())))?;
        Ok(environment)
    }

    /// The directory of the environment's programs.
    pub(crate) fn programs(&self) -> PathBuf {
        self.directory.join("bin")
    }

    /// The environment's Python with `arguments`, to be run at `root`.
    pub(crate) fn python<const N: usize>(&self, root: &Path, arguments: [&str; N]) -> Command {
        let mut python = command(root, self.programs().join("python"), arguments);
        python.env("PYTHONDONTWRITEBYTECODE", "1");
        python
    }
}

/// What the marker says: the place is part of it because the programs of an
/// environment name it in their first line and do not survive a move.
fn stamp(directory: &Path, requirements: &str) -> String {
    format!("# made for {}\n{requirements}", directory.display())
}

/// The versions that `requirements` pins for the packages named.
pub(crate) fn pinned(requirements: &str, names: &[&str]) -> String {
    let pins = requirements
        .lines()
        .filter_map(|line| line.split_once("=="));
    let found: Vec<String> = pins
        .filter(|(name, _)| names.contains(name))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    found.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned_exactly() {
        let tests = include_str!("../requirements.txt");
        let bench = include_str!("../requirements-bench.txt");
        for line in tests
            .lines()
            .chain(bench.lines())
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            assert!(line.contains("=="), "`{line}` is not pinned");
        }
        assert!(pinned(tests, &["boto3", "pytest"]).starts_with("boto3 "));
    }
}
