//! Where the server sends things.

use std::net::IpAddr;

use ::http::Uri;

use super::{Check, ConfigError, Key};
use crate::outbound::bare;

impl Check<'_> {
    /// A URL that has a host and no user, and no plain HTTP but to this
    /// machine; `what` would cross the network, and `instead` says how
    /// requests show who sends them.
    pub(super) fn destination(
        &self,
        key: Key,
        url: &str,
        what: &str,
        instead: &str,
    ) -> Result<Uri, ConfigError> {
        let parsed = url.parse::<Uri>();
        let url = parsed.map_err(|_| self.refuse(key, "`url` is no URL"))?;
        let host = bare(url.host().unwrap_or_default());
        if host.is_empty() {
            return Err(self.refuse(key, "`url` names no host"));
        }
        if url.authority().is_some_and(|it| it.as_str().contains('@')) {
            let message = format!("leave user and password out of `url`: {instead}");
            return Err(self.refuse(key, message));
        }
        if url.scheme_str() == Some("http") && !is_loopback(host) {
            let message = format!(
                "{what} would cross the network in clear text; use https://, or an address of \
                 this machine such as 127.0.0.1"
            );
            return Err(self.refuse(key, message));
        }
        Ok(url)
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}
