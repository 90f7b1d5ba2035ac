use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{Check, ConfigError, Key};
use crate::audit::Options;

/// The audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Where its segments are.
    pub directory: PathBuf,
    /// How it behaves.
    pub options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    directory: Option<PathBuf>,
    max_wait_ms: Option<u64>,
    segment_bytes: Option<u64>,
    segment_hours: Option<u64>,
    compress: Option<bool>,
    keep_days: Option<u64>,
}

impl Section {
    pub(super) fn check(self, data_dir: &Path, check: &Check<'_>) -> Result<Audit, ConfigError> {
        let key = |name| Key::new("audit", name);
        let mut options = Options::default();
        if let Some(ms) = self.max_wait_ms {
            let ms = check.within(key("max_wait_ms"), ms, 10..=60_000)?;
            options.max_wait = Duration::from_millis(ms);
        }
        if let Some(bytes) = self.segment_bytes {
            options.segment_bytes = check.within(key("segment_bytes"), bytes, 1 << 20..=1 << 32)?;
        }
        if let Some(hours) = self.segment_hours {
            let hours = check.within(key("segment_hours"), hours, 1..=24 * 366)?;
            options.segment_age = Duration::from_hours(hours);
        }
        options.compress = self.compress.unwrap_or(options.compress);
        if let Some(days) = self.keep_days {
            let days = check.within(key("keep_days"), days, 1..=366 * 100)?;
            options.retention = Some(Duration::from_hours(24 * days));
        }
        let directory = self.directory.unwrap_or_else(|| data_dir.join("audit"));
        if directory.as_os_str().is_empty() {
            let message = "`directory` is empty; name one, or leave the key out for `audit` in \
                           the data directory";
            return Err(check.refuse(key("directory"), message));
        }
        Ok(Audit { directory, options })
    }
}
