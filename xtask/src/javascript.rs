use std::fs;
use std::path::Path;

use crate::command::{Failure, Result, command, run};
use crate::project;

/// Where the tests by the AWS SDK for JavaScript are, and what they need.
const TESTS: &str = "crates/server/tests/clients/javascript";

/// Installs what the tests' `package-lock.json` pins, unless an earlier call
/// has installed just that. Whether it had to.
///
/// # Errors
///
/// When npm cannot install it.
pub(crate) fn prepare(root: &Path) -> Result<bool> {
    let tests = root.join(TESTS);
    let wanted = project::read(&tests.join("package-lock.json"))?;
    let marker = tests.join("node_modules/.installed");
    if fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
        return Ok(false);
    }
    run(&mut command(
        &tests,
        "npm",
        [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ],
    ))?;
    // Written last: an interrupted installation is made again.
    fs::write(&marker, wanted)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", marker.display())))?;
    Ok(true)
}
