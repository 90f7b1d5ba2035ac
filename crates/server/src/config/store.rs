use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use serde::Deserialize;

use super::{Check, ConfigError, Key};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    data_dir: Option<PathBuf>,
}

impl Section {
    pub(super) fn check(self, check: &Check<'_>) -> Result<PathBuf, ConfigError> {
        let key = Key::new("store", "data_dir");
        let Some(data_dir) = self.data_dir.filter(|path| !path.as_os_str().is_empty()) else {
            let message = "no place for the data; set `data_dir` in section `store`";
            return Err(check.refuse(key, message));
        };
        if let Ok(metadata) = fs::metadata(&data_dir) {
            let path = data_dir.display();
            if !metadata.is_dir() {
                return Err(check.refuse(key, format!("`{path}` is not a directory")));
            }
            if metadata.mode() & 0o022 != 0 {
                let message =
                    format!("others can change the files in `{path}`; run `chmod 700 {path}`");
                return Err(check.refuse(key, message));
            }
        }
        Ok(data_dir)
    }
}
