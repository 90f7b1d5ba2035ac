use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;
use strongroom_services::context::VpcEndpoint;

use super::{Check, ConfigError, Key};

/// An address where requests come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// What to bind.
    pub address: SocketAddr,
    /// The certificate to show; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// The VPC endpoint that requests which arrive here came through.
    pub vpc_endpoint: Option<VpcEndpoint>,
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
    vpc: Option<String>,
    vpc_endpoint: Option<String>,
    vpc_endpoint_account: Option<String>,
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
        let vpc_endpoint = match self.vpc_endpoint {
            Some(id) => {
                let id = identifier(id, "vpce-", key("vpc_endpoint"), check)?;
                let vpc = self
                    .vpc
                    .map(|vpc| identifier(vpc, "vpc-", key("vpc"), check));
                let account = self.vpc_endpoint_account.map(|account| {
                    account.parse().map_err(|_| {
                        let message = format!("`{account}` is no account; write its twelve digits");
                        check.refuse(key("vpc_endpoint_account"), message)
                    })
                });
                Some(VpcEndpoint {
                    id,
                    vpc: vpc.transpose()?,
                    account: account.transpose()?,
                })
            }
            None => {
                for (name, given) in [
                    ("vpc", self.vpc.is_some()),
                    ("vpc_endpoint_account", self.vpc_endpoint_account.is_some()),
                ] {
                    if given {
                        let message = format!("`{name}` needs the `vpc_endpoint` that it is of");
                        return Err(check.refuse(key(name), message));
                    }
                }
                None
            }
        };
        Ok(ListenerConfig {
            address,
            tls,
            vpc_endpoint,
        })
    }
}

/// An id as EC2 gives it: a prefix and hexadecimal digits, or letters, digits
/// and hyphens of the operator's choice.
fn identifier(
    text: String,
    prefix: &str,
    key: Key,
    check: &Check<'_>,
) -> Result<String, ConfigError> {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if rest.is_empty() || rest.len() > 64 || !rest.bytes().all(sound) {
        let message = format!("`{text}` is not an id such as `{prefix}0a1b2c3d4e5f6a7b8`");
        return Err(check.refuse(key, message));
    }
    Ok(text)
}
