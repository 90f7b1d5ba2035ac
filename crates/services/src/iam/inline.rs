//! Policies written into a user, group or role.

use super::{
    document,
    error::{Error, Result},
    record::InlinePolicy,
};

/// What an inline policy is written into: AWS's word, and the characters
/// other than white space that all its inline policies together may have.
///
/// Source: IAM User Guide, IAM and STS quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// 5,120.
    Group,
    /// 10,240.
    Role,
    /// 2,048.
    User,
}

impl Owner {
    fn quota(self) -> usize {
        match self {
            Self::Group => 5_120,
            Self::Role => 10_240,
            Self::User => 2_048,
        }
    }

    /// `group`, `role`, `user`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Role => "role",
            Self::User => "user",
        }
    }
}

/// Writes a policy into the entity called `name`, in place of one of that
/// name.
///
/// # Errors
/// `MalformedPolicyDocument`; `LimitExceeded` if the entity's policies
/// together become too large.
pub(super) fn put(
    policies: &mut Vec<InlinePolicy>,
    owner: Owner,
    name: &str,
    policy: InlinePolicy,
) -> Result<()> {
    document::identity(&policy.document)?;
    let others = policies.iter().filter(|other| other.name != policy.name);
    let size: usize = others
        .chain([&policy])
        .map(|policy| document::size(&policy.document))
        .sum();
    let quota = owner.quota();
    if size > quota {
        let owner = owner.as_str();
        return Err(Error::LimitExceeded(
            format!("Maximum policy size of {quota} bytes exceeded for {owner} {name}").into(),
        ));
    }
    match policies.iter_mut().find(|other| other.name == policy.name) {
        Some(other) => other.document = policy.document,
        None => policies.push(policy),
    }
    Ok(())
}

/// The policy of this name.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn get<'a>(
    policies: &'a [InlinePolicy],
    owner: Owner,
    policy_name: &str,
) -> Result<&'a InlinePolicy> {
    policies
        .iter()
        .find(|policy| policy.name == policy_name)
        .ok_or_else(|| missing(owner, policy_name))
}

/// Deletes the policy of this name.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn delete(
    policies: &mut Vec<InlinePolicy>,
    owner: Owner,
    policy_name: &str,
) -> Result<()> {
    let before = policies.len();
    policies.retain(|policy| policy.name != policy_name);
    if policies.len() == before {
        return Err(missing(owner, policy_name));
    }
    Ok(())
}

/// The names, for a list.
pub(super) fn names(policies: &[InlinePolicy]) -> Vec<String> {
    policies.iter().map(|policy| policy.name.clone()).collect()
}

fn missing(owner: Owner, policy_name: &str) -> Error {
    Error::not_found(&format!("{} policy", owner.as_str()), policy_name)
}
