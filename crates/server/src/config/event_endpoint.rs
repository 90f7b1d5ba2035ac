use std::path::{Path, PathBuf};

use ::http::Uri;
use serde::Deserialize;
use strongroom_services::events::Pattern;

use super::{Check, ConfigError, Key};

/// Somebody who is told what happens.
#[derive(Clone, Debug, PartialEq)]
pub struct EventEndpoint {
    /// What its place in the audit log is kept under.
    pub name: String,
    /// Where it is.
    pub address: EventAddress,
    /// A file of certificate authorities, PEM, in place of those of
    /// [`super::Outbound`].
    pub certificate_authorities: Option<PathBuf>,
    /// Which events it is told; all without.
    pub pattern: Option<Pattern>,
    /// Whether it is told of calls that changed nothing.
    pub read_events: bool,
    /// Whether it is told what is in the log when it is first seen.
    pub from_oldest: bool,
}

/// Where and how somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventAddress {
    /// By syslog over TLS.
    SyslogTls(Uri),
    /// By syslog in datagrams.
    SyslogUdp(Uri),
    /// By HTTP requests.
    Webhook {
        /// Where they go.
        url: Uri,
        /// The file with the key that signs them.
        secret_file: PathBuf,
        /// How often a request is made that is refused.
        attempts: u32,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    name: Option<String>,
    url: Option<String>,
    secret_file: Option<PathBuf>,
    certificate_authorities: Option<PathBuf>,
    pattern: Option<String>,
    read_events: bool,
    from: From,
    attempts: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum From {
    #[default]
    Now,
    Oldest,
}

/// Attempts for an event that is refused, if nothing is said.
const ATTEMPTS: u32 = 5;

pub(super) fn check_all(
    sections: Vec<Section>,
    check: &Check<'_>,
) -> Result<Vec<EventEndpoint>, ConfigError> {
    let mut endpoints: Vec<EventEndpoint> = Vec::new();
    for (index, section) in sections.into_iter().enumerate() {
        let endpoint = section.check(index, check)?;
        if endpoints.iter().any(|other| other.name == endpoint.name) {
            let message = format!("`{}` is another endpoint's name already", endpoint.name);
            return Err(check.refuse(key(index, "name"), message));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

fn key(index: usize, name: &'static str) -> Key {
    Key {
        section: "event_endpoint",
        index: Some(index),
        name,
    }
}

impl Section {
    fn check(self, index: usize, check: &Check<'_>) -> Result<EventEndpoint, ConfigError> {
        let refuse = |name, message: String| check.refuse(key(index, name), message);
        let name = self.name.unwrap_or_default();
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(sound) {
            let message = format!(
                "`{name}` is no name for an endpoint: set `name` to up to 64 small letters, \
                 digits and hyphens; its place in the audit log is kept under it"
            );
            return Err(refuse("name", message));
        }
        let pattern = self.pattern.as_deref().map(Pattern::parse).transpose();
        let pattern = pattern
            .map_err(|error| refuse("pattern", format!("the pattern is not valid: {error}")))?;
        let url = self.url.ok_or_else(|| {
            let message = "an endpoint needs a `url`: https://…, syslog+tls://… or syslog+udp://…";
            refuse("url", message.to_owned())
        })?;
        let signed = "requests are signed with the key in `secret_file`";
        let url = check.destination(key(index, "url"), &url, "events", signed)?;
        let address = match url.scheme_str() {
            Some("https" | "http") => {
                let secret_file = self.secret_file.as_deref();
                let secret_file = secret(secret_file, key(index, "secret_file"), check)?;
                let attempts = self.attempts.unwrap_or(ATTEMPTS);
                let attempts = check.within(key(index, "attempts"), attempts, 1..=100)?;
                EventAddress::Webhook {
                    url,
                    secret_file,
                    attempts,
                }
            }
            Some(scheme @ ("syslog+tls" | "syslog+udp")) => {
                let of_webhooks = [
                    ("secret_file", self.secret_file.is_some()),
                    ("attempts", self.attempts.is_some()),
                ];
                if let Some((name, _)) = of_webhooks.iter().find(|(_, given)| *given) {
                    let message = format!("`{name}` is for webhooks; leave it out for syslog");
                    return Err(refuse(name, message));
                }
                if url.path() != "/" && !url.path().is_empty() {
                    let message = "syslog has no paths; end `url` after host and port";
                    return Err(refuse("url", message.to_owned()));
                }
                match scheme {
                    "syslog+tls" => EventAddress::SyslogTls(url),
                    _ => EventAddress::SyslogUdp(url),
                }
            }
            _ => {
                let message = "start `url` with https://, syslog+tls:// or syslog+udp://";
                return Err(refuse("url", message.to_owned()));
            }
        };
        Ok(EventEndpoint {
            name,
            address,
            certificate_authorities: self.certificate_authorities,
            pattern,
            read_events: self.read_events,
            from_oldest: self.from == From::Oldest,
        })
    }
}

fn secret(file: Option<&Path>, key: Key, check: &Check<'_>) -> Result<PathBuf, ConfigError> {
    let Some(file) = file else {
        let message = "a webhook needs a `secret_file` with the key that signs its requests; make \
                       one with `(umask 077; echo \"whsec_$(openssl rand -base64 32)\" > FILE)`";
        return Err(check.refuse(key, message));
    };
    check.private_file(key, file)?;
    Ok(file.to_owned())
}
