use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;

use super::{Check, ConfigError, Key};

/// An address where requests come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// What to bind.
    pub address: SocketAddr,
    /// The certificate to show; plain HTTP without.
    pub tls: Option<TlsFiles>,
}

/// A certificate chain and its private key, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    address: Option<String>,
    allow_plaintext: bool,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
}

pub(super) fn check_all(
    sections: Vec<Section>,
    check: &mut Check<'_>,
) -> Result<Vec<ListenerConfig>, ConfigError> {
    if sections.is_empty() {
        let message = "nothing to listen on; add a section `[[listener]]` with an `address`";
        return Err(check.refuse(Key::new("listener", ""), message));
    }
    let mut listeners: Vec<ListenerConfig> = Vec::new();
    for (index, section) in sections.into_iter().enumerate() {
        let listener = section.check(index, check)?;
        if listeners
            .iter()
            .any(|other| other.address == listener.address)
        {
            let message = format!(
                "`{}` is another listener's address already",
                listener.address
            );
            return Err(check.refuse(key(index, "address"), message));
        }
        listeners.push(listener);
    }
    Ok(listeners)
}

fn key(index: usize, name: &'static str) -> Key {
    Key {
        section: "listener",
        index: Some(index),
        name,
    }
}

impl Section {
    fn check(self, index: usize, check: &mut Check<'_>) -> Result<ListenerConfig, ConfigError> {
        let key = |name| key(index, name);
        let Some(address) = self.address else {
            return Err(check.refuse(
                key(""),
                "a listener needs an `address`, such as `0.0.0.0:7443`",
            ));
        };
        let address: SocketAddr = address.parse().map_err(|_| {
            let message = format!(
                "`{address}` is no address; write an IP address and a port, such as `0.0.0.0:7443`"
            );
            check.refuse(key("address"), message)
        })?;
        let tls = match (self.tls_certificate, self.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                let message = "`tls_certificate` needs the `tls_key` that belongs to it";
                return Err(check.refuse(key("tls_certificate"), message));
            }
            (None, Some(_)) => {
                let message = "`tls_key` needs the `tls_certificate` that belongs to it";
                return Err(check.refuse(key("tls_key"), message));
            }
        };
        if let Some(files) = &tls {
            check.private_file(key("tls_key"), &files.key)?;
        } else if !address.ip().to_canonical().is_loopback() {
            if !self.allow_plaintext {
                let message = format!(
                    "secrets would cross the network in clear text on `{address}`; set \
                     `tls_certificate` and `tls_key`, or listen on 127.0.0.1, or, if something \
                     in front encrypts, set `allow_plaintext = true`"
                );
                return Err(check.refuse(key("address"), message));
            }
            let message = format!("`{address}` answers in clear text to whoever can reach it");
            check.warn(key("allow_plaintext"), message);
        }
        Ok(ListenerConfig { address, tls })
    }
}
