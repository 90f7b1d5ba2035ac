//! Managed policies by their ARNs: those of accounts, and AWS's own.

use std::borrow::Cow;

use strongroom_store::{StoreError, Transaction};
use strongroom_types::{AccountId, Arn, Partition, Timestamp};

use super::{
    error::{Error, Result},
    managed_policies::{self, AwsPolicy},
    names,
    record::{self, ManagedPolicy},
};
use crate::tables::ManagedPolicies;

/// Customer managed policies of one account.
///
/// Source: IAM User Guide, IAM and STS quotas.
pub(super) const MAX_POLICIES: usize = 1_500;
/// Versions of one policy.
pub(super) const MAX_VERSIONS: usize = 5;

/// A managed policy.
pub(super) enum Managed {
    /// AWS's own.
    Aws(&'static AwsPolicy),
    /// One of an account.
    Customer(ManagedPolicy),
}

/// One version of a managed policy.
pub(super) struct Version<'a> {
    pub(super) number: u32,
    pub(super) document: Cow<'a, str>,
    pub(super) created: Option<Timestamp>,
    pub(super) is_default: bool,
}

/// What an ARN says of a managed policy, whether there is one or not.
pub(super) struct PolicyArn {
    pub(super) arn: Arn,
    /// `None` for AWS's own.
    pub(super) account: Option<AccountId>,
    /// `/` or `/a/b/`.
    pub(super) path: String,
    pub(super) name: String,
}

impl PolicyArn {
    /// Reads the ARN of a managed policy.
    ///
    /// # Errors
    /// `ValidationError` for what is no ARN, `InvalidInput` for the ARN of
    /// something else or of another partition.
    pub(super) fn parse(text: &str, partition: Partition) -> Result<Self> {
        let arn: Arn = text.parse().map_err(|_| Error::arn_unparsable())?;
        let invalid = || Error::arn_invalid(text);
        let place = arn.resource().strip_prefix("policy").ok_or_else(invalid)?;
        let (_, name) = place.rsplit_once('/').ok_or_else(invalid)?;
        let path = place.strip_suffix(name).ok_or_else(invalid)?;
        let of_iam = arn.service() == "iam"
            && arn.region().is_empty()
            && arn.partition() == partition.as_str();
        let account = match arn.account() {
            "aws" => None,
            number => Some(number.parse().map_err(|_| invalid())?),
        };
        if !of_iam || !path.starts_with('/') || name.is_empty() {
            return Err(invalid());
        }
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            account,
            arn,
        })
    }

    /// The policy, if there is one with just this ARN.
    pub(super) async fn find(
        &self,
        tx: &mut Transaction,
    ) -> std::result::Result<Option<Managed>, StoreError> {
        let Some(account) = self.account else {
            return Ok(managed_policies::find(self.arn.as_str()).map(Managed::Aws));
        };
        let key = names::key(account, &self.name);
        let policy = tx.get::<ManagedPolicies>(&key).await?;
        // Names are found in any case, but an ARN has one.
        let same = |policy: &ManagedPolicy| policy.name == self.name && policy.path == self.path;
        Ok(policy.filter(same).map(Managed::Customer))
    }
}

/// The document of the default version of the managed policy with this ARN.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn default_document(
    tx: &mut Transaction,
    partition: Partition,
    arn: &str,
) -> std::result::Result<Option<Cow<'static, str>>, StoreError> {
    let Ok(arn) = PolicyArn::parse(arn, partition) else {
        return Ok(None);
    };
    let found = arn.find(tx).await?;
    Ok(found.and_then(|policy| match policy {
        Managed::Aws(policy) => Some(policy.document(partition.as_str())),
        Managed::Customer(policy) => {
            let number = policy.default_version;
            let mut versions = policy.versions.into_iter();
            let version = versions.find(|version| version.number == number)?;
            Some(version.document.into())
        }
    }))
}

/// A policy that may be attached or bound permissions, by its ARN: one of
/// AWS's or of the account itself.
///
/// # Errors
/// `NoSuchEntity`, and those of [`PolicyArn::parse`].
pub(super) async fn attachable(
    tx: &mut Transaction,
    partition: Partition,
    account: AccountId,
    arn: &str,
) -> Result<()> {
    let policy = PolicyArn::parse(arn, partition)?;
    let near = policy.account.is_none_or(|owner| owner == account);
    if !near || policy.find(tx).await?.is_none() {
        return Err(Error::not_attachable(arn));
    }
    Ok(())
}

impl Managed {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Aws(policy) => policy.name,
            Self::Customer(policy) => &policy.name,
        }
    }

    pub(super) fn path(&self) -> &str {
        match self {
            Self::Aws(policy) => policy.path,
            Self::Customer(policy) => &policy.path,
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::Aws(policy) => policy.id,
            Self::Customer(policy) => &policy.id,
        }
    }

    pub(super) fn description(&self) -> Option<&str> {
        match self {
            Self::Aws(policy) => Some(policy.description),
            Self::Customer(policy) => policy.description.as_deref(),
        }
    }

    pub(super) fn tags(&self) -> &[record::Tag] {
        match self {
            Self::Aws(_) => &[],
            Self::Customer(policy) => &policy.tags,
        }
    }

    pub(super) fn default_version(&self) -> u32 {
        match self {
            Self::Aws(policy) => policy.version,
            Self::Customer(policy) => policy.default_version,
        }
    }

    pub(super) fn created(&self) -> Option<Timestamp> {
        match self {
            Self::Aws(policy) => policy.created(),
            Self::Customer(policy) => Timestamp::from_millisecond(policy.created_ms).ok(),
        }
    }

    pub(super) fn updated(&self) -> Option<Timestamp> {
        match self {
            Self::Aws(policy) => policy.updated(),
            Self::Customer(policy) => Timestamp::from_millisecond(policy.updated_ms).ok(),
        }
    }

    /// The versions that are kept, the newest first.
    pub(super) fn versions(&self, partition: Partition) -> Vec<Version<'_>> {
        match self {
            Self::Aws(policy) => vec![Version {
                number: policy.version,
                document: policy.document(partition.as_str()),
                created: policy.updated(),
                is_default: true,
            }],
            Self::Customer(policy) => policy
                .versions
                .iter()
                .rev()
                .map(|version| Version {
                    number: version.number,
                    document: Cow::from(&version.document),
                    created: Timestamp::from_millisecond(version.created_ms).ok(),
                    is_default: version.number == policy.default_version,
                })
                .collect(),
        }
    }
}

/// `v3` as a number; nothing for what is no version's id here.
pub(super) fn version_number(id: &str) -> Option<u32> {
    let number = id.strip_prefix('v')?;
    number
        .parse()
        .ok()
        .filter(|parsed: &u32| parsed.to_string() == number)
}

/// `v3`
pub(super) fn version_id(number: u32) -> String {
    format!("v{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_policies_and_of_nothing_else() {
        let parse = |arn| PolicyArn::parse(arn, Partition::default());
        let policy = parse("arn:aws:iam::111122223333:policy/a/b/Reader").unwrap();
        assert_eq!(
            (policy.path.as_str(), policy.name.as_str()),
            ("/a/b/", "Reader")
        );
        assert!(policy.account.is_some());
        let aws = parse("arn:aws:iam::aws:policy/AdministratorAccess").unwrap();
        assert_eq!((aws.path.as_str(), aws.account), ("/", None));
        assert!(matches!(
            parse("AdministratorAccess"),
            Err(Error::Validation(_))
        ));
        for other in [
            "arn:aws:iam::111122223333:role/Reader",
            "arn:aws:iam::111122223333:policy/",
            "arn:aws:iam::111122223333:policyReader",
            "arn:aws:iam:eu-west-1:111122223333:policy/Reader",
            "arn:aws:iam::1:policy/Reader",
            "arn:aws-cn:iam::aws:policy/AdministratorAccess",
            "arn:aws:kms::111122223333:policy/Reader",
        ] {
            assert!(
                matches!(parse(other), Err(Error::InvalidInput(_))),
                "{other}"
            );
        }
    }

    #[test]
    fn version_ids() {
        assert_eq!(version_number("v12"), Some(12));
        for bad in ["12", "v", "v01", "v+1", "v1.x", "v99999999999"] {
            assert_eq!(version_number(bad), None, "{bad}");
        }
    }
}
