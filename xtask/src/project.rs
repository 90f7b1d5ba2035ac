use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{Failure, Result};

/// The directory of the workspace.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// The text of a file of the project.
///
/// # Errors
///
/// When it is missing or not UTF-8.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
}

/// The program `name` as cargo leaves it for `profile` (`debug` or `release`).
pub(crate) fn built(root: &Path, profile: &str, name: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root.join(target).join(profile).join(name)
}
