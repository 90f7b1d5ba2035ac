use serde::Deserialize;
use strongroom_types::{AccountId, Partition, Region};

use super::{Check, ConfigError, Key};

/// Accounts, partition and Regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The management account's id; chosen by chance at first start if absent.
    pub account_id: Option<AccountId>,
    /// The second part of every ARN.
    pub partition: Partition,
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
        let partition = match self.partition {
            None => Partition::default(),
            Some(name) => name
                .parse()
                .map_err(|error| check.refuse(key("partition"), format!("`{name}` is {error}")))?,
        };
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
