use serde::Deserialize;

use super::{Check, ConfigError, Key};

/// Users' own functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functions {
    /// The product's own endpoint, as functions reach it.
    pub endpoint: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    enabled: bool,
    endpoint: Option<String>,
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
        Ok(Some(Functions { endpoint }))
    }
}
