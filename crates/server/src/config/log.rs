use serde::Deserialize;

use crate::log::{Format, Level};

/// The process's own log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// From where on things are worth a line.
    pub level: Level,
    /// How a line looks.
    pub format: Format,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    format: Format,
    level: Level,
}

impl Section {
    pub(super) fn check(self) -> Log {
        let Self { format, level } = self;
        Log { level, format }
    }
}
