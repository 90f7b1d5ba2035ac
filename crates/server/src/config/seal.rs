use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Check, ConfigError, Key};

/// Where the key that opens the store comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// An environment variable of this name holds it.
    Environment(String),
    /// A file holds it.
    KeyFile(PathBuf),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    key_environment: Option<String>,
    key_file: Option<PathBuf>,
}

impl Section {
    pub(super) fn check(self, data_dir: &Path, check: &mut Check<'_>) -> Result<Seal, ConfigError> {
        let key = |name| Key::new("seal", name);
        match (self.key_environment, self.key_file) {
            (Some(_), Some(_)) => {
                let message = "set either `key_environment` or `key_file`, not both";
                Err(check.refuse(key("key_file"), message))
            }
            (None, None) => {
                let message = "nothing to open the store with; set `key_file` or \
                               `key_environment` in section `seal`";
                Err(check.refuse(key(""), message))
            }
            (Some(name), None) => {
                if check.environment.get(&name).is_none_or(String::is_empty) {
                    let message = format!("the environment variable `{name}` is not set");
                    return Err(check.refuse(key("key_environment"), message));
                }
                Ok(Seal::Environment(name))
            }
            (None, Some(path)) => {
                // One that does not exist yet is made by `strongroom init`;
                // whoever needs its key says so.
                if path.try_exists().unwrap_or(true) {
                    check.private_file(key("key_file"), &path)?;
                }
                if is_inside(&path, data_dir) {
                    let message = "the key lies in the data directory, so whoever copies the data \
                                   has its key too; keep it elsewhere";
                    check.warn(key("key_file"), message);
                }
                Ok(Seal::KeyFile(path))
            }
        }
    }
}

/// Whether the file is in the directory, links followed.
fn is_inside(file: &Path, directory: &Path) -> bool {
    match (file.canonicalize(), directory.canonicalize()) {
        (Ok(file), Ok(directory)) => file.starts_with(directory),
        // A directory that does not exist yet holds no file.
        _ => false,
    }
}
