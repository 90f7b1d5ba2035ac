use std::path::PathBuf;

use ::http::Uri;
use serde::Deserialize;
use strongroom_rotation::Template;
use strongroom_services::lambda::is_principal;
use strongroom_types::{AccountId, Region};

use super::{Check, ConfigError, Deployment, Key};

/// A function that is an endpoint of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionEndpoint {
    /// The function's name.
    pub name: String,
    /// Whose function it is.
    pub account: AccountId,
    /// Where it is; in every Region if none is given.
    pub regions: Vec<Region>,
    /// What the path of an invocation is appended to.
    pub url: Uri,
    /// The file with the bearer token.
    pub token_file: PathBuf,
    /// A file of certificate authorities, PEM, in place of those of
    /// [`super::Outbound`].
    pub certificate_authorities: Option<PathBuf>,
    /// Seconds that a call may take.
    pub timeout_seconds: u32,
    /// Who may call it beside those whose own policies allow it.
    pub principals: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    name: Option<String>,
    account: Option<String>,
    regions: Vec<String>,
    url: Option<String>,
    token_file: Option<PathBuf>,
    certificate_authorities: Option<PathBuf>,
    timeout_seconds: Option<u32>,
    principals: Vec<String>,
}

/// Seconds that a call may take, if nothing is said.
const TIMEOUT_SECONDS: u32 = 30;

pub(super) fn check_all(
    sections: Vec<Section>,
    deployment: &Deployment,
    check: &Check<'_>,
) -> Result<Vec<FunctionEndpoint>, ConfigError> {
    let mut endpoints: Vec<FunctionEndpoint> = Vec::new();
    for (index, section) in sections.into_iter().enumerate() {
        let endpoint = section.check(index, deployment, check)?;
        let same = |other: &FunctionEndpoint| {
            let meet = |region| endpoint.regions.contains(region);
            other.name == endpoint.name
                && other.account == endpoint.account
                && (other.regions.is_empty()
                    || endpoint.regions.is_empty()
                    || other.regions.iter().any(meet))
        };
        if endpoints.iter().any(same) {
            let (name, account) = (&endpoint.name, endpoint.account);
            let message =
                format!("the account {account} has a function `{name}` already; choose another");
            return Err(check.refuse(key(index, "name"), message));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

fn key(index: usize, name: &'static str) -> Key {
    Key {
        section: "function_endpoint",
        index: Some(index),
        name,
    }
}

impl Section {
    fn check(
        self,
        index: usize,
        deployment: &Deployment,
        check: &Check<'_>,
    ) -> Result<FunctionEndpoint, ConfigError> {
        let refuse = |name, message: String| check.refuse(key(index, name), message);
        let name = self.name.unwrap_or_default();
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(sound) {
            let message = format!(
                "`{name}` is no name for a function: set `name` to up to 64 letters, digits, \
                 hyphens and underscores"
            );
            return Err(refuse("name", message));
        }
        if Template::named(&name).is_some() {
            let message = format!("`{name}` is a function that is built in; choose another name");
            return Err(refuse("name", message));
        }
        let account = self.account.unwrap_or_default();
        let account = account.parse().map_err(|_| {
            let message = format!(
                "`{account}` is no account: set `account` to the 12 digits of the one whose \
                 function it is"
            );
            refuse("account", message)
        })?;
        let mut regions = Vec::new();
        for region in self.regions {
            let known = region.parse().ok();
            let served = known.filter(|region| deployment.regions.contains(region));
            regions.push(served.ok_or_else(|| {
                let message = format!("the Region `{region}` is none that is served");
                refuse("regions", message)
            })?);
        }
        let url = self.url.ok_or_else(|| {
            let message = "a function's endpoint needs a `url`: https://…; calls are posted to \
                           /2015-03-31/functions/<name>/invocations under it";
            refuse("url", message.to_owned())
        })?;
        let token = "calls have the token in `token_file`";
        let url = check.destination(key(index, "url"), &url, "tokens", token)?;
        if !matches!(url.scheme_str(), Some("https" | "http")) {
            return Err(refuse("url", "start `url` with https://".to_owned()));
        }
        if url.query().is_some() {
            let message = "leave the query out of `url`: a path is appended to it";
            return Err(refuse("url", message.to_owned()));
        }
        let token_file = self.token_file.ok_or_else(|| {
            let message = "a function's endpoint needs a `token_file` with the token that calls \
                           show; make one with `(umask 077; openssl rand -hex 32 > FILE)`";
            refuse("token_file", message.to_owned())
        })?;
        check.private_file(key(index, "token_file"), &token_file)?;
        let timeout_seconds = self.timeout_seconds.unwrap_or(TIMEOUT_SECONDS);
        let place = key(index, "timeout_seconds");
        let timeout_seconds = check.within(place, timeout_seconds, 1..=900)?;
        if let Some(stranger) = self.principals.iter().find(|text| !is_principal(text)) {
            let message = format!(
                "`{stranger}` is no principal: name accounts by their 12 digits, users and roles \
                 by their ARNs"
            );
            return Err(refuse("principals", message));
        }
        Ok(FunctionEndpoint {
            name,
            account,
            regions,
            url,
            token_file,
            certificate_authorities: self.certificate_authorities,
            timeout_seconds,
            principals: self.principals,
        })
    }
}
