//! Aliases: their names, and the rows that hold them.
//!
//! An alias has a row of its own, by which it is found, and stands in the row
//! of its key, so that the key's aliases are known wherever the key is.

use strongroom_policy::Policy;
use strongroom_types::{AccountId, Arn, Region};

use super::{
    error::{Code, Error, Result},
    key::DEFAULT_ALIAS,
};
use crate::{
    authorize::{Keys, Target},
    cloudtrail::Resource,
    context::Home,
};

/// Aliases of one key.
///
/// Source: KMS quotas, "Aliases per KMS key".
pub(super) const MAX_ALIASES: usize = 50;

/// The aliases that AWS has in every account, whether their keys were made or
/// not.
pub(super) const PREDEFINED: &[&str] = &[DEFAULT_ALIAS];

/// An alias that a request names, with its ARN.
pub struct AliasRef {
    pub(super) home: Home,
    pub(super) name: String,
    pub(super) arn: Arn,
}

impl AliasRef {
    /// The alias of this name, in the caller's account. A name may be given
    /// as its ARN too.
    ///
    /// # Errors
    /// `ValidationException`, `InvalidAliasNameException`.
    pub(super) fn named(home: Home, name: &str) -> Result<Self> {
        let arn = |name: &str| home.arn("kms", format_args!("{name}"));
        let own = format!(
            "arn:{}:kms:{}:{}:",
            home.partition, home.region, home.account
        );
        let name = name.strip_prefix(&own).unwrap_or(name);
        let Some(rest) = name.strip_prefix("alias/") else {
            return Err(Error::validation(
                "Alias must start with the prefix \"alias/\". Please see \
                 https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
            ));
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
        if rest.is_empty() || !rest.bytes().all(allowed) {
            return Err(Error::kms(
                Code::InvalidAliasName,
                format!("The alias name {name} is not valid."),
            ));
        }
        Ok(Self {
            home,
            name: name.to_owned(),
            arn: arn(name),
        })
    }

    /// # Errors
    /// `InvalidAliasNameException` for names that AWS keeps for itself.
    pub(super) fn must_be_customers(&self) -> Result<()> {
        if self.name.starts_with("alias/aws/") {
            return Err(Error::kms(
                Code::InvalidAliasName,
                "Aliases that begin with alias/aws/ are reserved.",
            ));
        }
        Ok(())
    }

    /// The key of the alias' row.
    pub(super) fn row(&self) -> (AccountId, Region, String) {
        (self.home.account, self.home.region, self.name.clone())
    }

    /// KMS's answer where there is no such alias.
    pub(super) fn missing(&self) -> Error {
        Error::not_found(format!("Alias {} is not found.", self.arn))
    }

    /// The alias in records.
    pub(super) fn resource(&self) -> Resource {
        Resource {
            account: self.home.account,
            r#type: "AWS::KMS::Alias",
            arn: self.arn.shared(),
        }
    }
}

impl Target for AliasRef {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.home.account)
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        keys.one("kms:CallerAccount", self.home.account.to_string());
    }
}
