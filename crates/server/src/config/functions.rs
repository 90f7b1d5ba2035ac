use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use strongroom_functions::{MAX_AT_ONCE, Sandbox, Settings, is_interpreted};

use super::{Check, ConfigError, Key};

/// Users' own functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functions {
    /// The product's own endpoint, as functions reach it.
    pub endpoint: String,
    /// How they run.
    pub settings: Settings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    enabled: bool,
    endpoint: Option<String>,
    sandbox: Confinement,
    bubblewrap: Option<PathBuf>,
    interpreters: BTreeMap<String, PathBuf>,
    at_once: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Confinement {
    #[default]
    Auto,
    Bubblewrap,
    Namespaces,
    ProcessGroup,
}

impl Section {
    pub(super) fn check(self, check: &Check<'_>) -> Result<Option<Functions>, ConfigError> {
        if !self.enabled {
            return Ok(None);
        }
        let key = Key::new("functions", "endpoint");
        let Some(endpoint) = self.endpoint else {
            let message = "functions need to reach the server: set `endpoint` to the URL of one \
                           of its listeners";
            return Err(check.refuse(key, message));
        };
        if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
            let message = format!("`{endpoint}` is no URL that starts with https:// or http://");
            return Err(check.refuse(key, message));
        }
        let key = Key::new("functions", "interpreters");
        for (name, path) in &self.interpreters {
            if !is_interpreted(name) {
                let message = format!(
                    "`{name}` is no runtime with an interpreter: write `python3.12`, \
                     `nodejs22.x`, or `python3` and `nodejs` for all versions"
                );
                return Err(check.refuse(key, message));
            }
            if !path.is_absolute() {
                let message = format!("`{}` is no absolute path", path.display());
                return Err(check.refuse(key, message));
            }
        }
        let usual = Settings::default();
        let at_once = self.at_once.unwrap_or(usual.at_once);
        let bubblewrap = self.bubblewrap.unwrap_or(usual.bubblewrap);
        if !bubblewrap.is_absolute() {
            let key = Key::new("functions", "bubblewrap");
            let message = format!("`{}` is no absolute path", bubblewrap.display());
            return Err(check.refuse(key, message));
        }
        let settings = Settings {
            sandbox: match self.sandbox {
                Confinement::Auto => Sandbox::Auto,
                Confinement::Bubblewrap => Sandbox::Bubblewrap,
                Confinement::Namespaces => Sandbox::Namespaces,
                Confinement::ProcessGroup => Sandbox::ProcessGroup,
            },
            bubblewrap,
            interpreters: self.interpreters,
            at_once: check.within(Key::new("functions", "at_once"), at_once, 1..=MAX_AT_ONCE)?,
        };
        Ok(Some(Functions { endpoint, settings }))
    }
}
