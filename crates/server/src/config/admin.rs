use std::net::SocketAddr;

use serde::Deserialize;

use super::{Check, ConfigError, Key};

/// Where the operator's pages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminPlace {
    /// The address to listen on.
    pub address: SocketAddr,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    address: Option<String>,
    allow_plaintext: bool,
}

impl Section {
    pub(super) fn check(self, check: &Check<'_>) -> Result<Option<AdminPlace>, ConfigError> {
        let Some(address) = self.address else {
            return Ok(None);
        };
        let key = Key::new("admin", "address");
        let Ok(address) = address.parse::<SocketAddr>() else {
            let message = format!(
                "`{address}` is no address; write an IP address and a port, such as \
                 `127.0.0.1:9443`"
            );
            return Err(check.refuse(key, message));
        };
        if !address.ip().is_loopback() && !self.allow_plaintext {
            let message = format!(
                "the operator's pages are plain HTTP without a signature, and `{address}` can be \
                 reached by others; listen on 127.0.0.1, or, if the network is only the \
                 operator's, set `allow_plaintext = true`"
            );
            return Err(check.refuse(key, message));
        }
        Ok(Some(AdminPlace { address }))
    }
}
