use serde::Deserialize;
use strongroom_types::{AccountId, Region};

use super::{Check, ConfigError, Key};

/// Accounts, partition and Regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The management account's id; chosen by chance at first start if absent.
    pub account_id: Option<AccountId>,
    /// The second part of every ARN.
    pub partition: String,
    /// The Regions that are served; all public ones by default.
    pub regions: Vec<Region>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    account_id: Option<String>,
    partition: Option<String>,
    regions: Option<Vec<String>>,
}

impl Section {
    pub(super) fn check(self, check: &Check<'_>) -> Result<Deployment, ConfigError> {
        let key = |name| Key::new("deployment", name);
        let account_id = match self.account_id {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                let message =
                    format!("`{text}` is no account id; write exactly 12 digits, in quotes");
                check.refuse(key("account_id"), message)
            })?),
        };
        let partition = self.partition.unwrap_or_else(|| "aws".to_owned());
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !partition.starts_with("aws") || partition.len() > 32 || !partition.bytes().all(fits) {
            let message =
                format!("`{partition}` is no partition; write `aws`, `aws-cn` or the like");
            return Err(check.refuse(key("partition"), message));
        }
        let regions = match self.regions {
            None => Region::all().collect(),
            Some(names) => regions(&names).map_err(|text| check.refuse(key("regions"), text))?,
        };
        Ok(Deployment {
            account_id,
            partition,
            regions,
        })
    }
}

fn regions(names: &[String]) -> Result<Vec<Region>, String> {
    if names.is_empty() {
        return Err("no Region would be served; leave `regions` out to serve all".to_owned());
    }
    let parsed = names.iter().map(|name| {
        name.parse().map_err(|_| {
            let known = Region::all().map(Region::as_str);
            let like = super::names::suggestion(name, known);
            format!("`{name}` is no public AWS Region{like}")
        })
    });
    parsed.collect()
}
