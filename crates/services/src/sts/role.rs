//! A role that somebody wants to act as.

use strongroom_policy::{Denial, Policy, PolicyKind, PolicyType, Values};
use strongroom_types::{AccountId, Arn, Principal};

use super::error::{Error, Result};
use crate::{
    authorize::{Keys, Target},
    cloudtrail::Resource,
    context::Context,
    iam::{Caller, Role},
    tables::Roles,
};

/// Trusts nobody: the trust policy of a role that there is not.
const NOBODY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
    "Principal":{"Service":"nobody.invalid"},"Action":"sts:AssumeRole"}}"#;

/// A role by its ARN, whether or not there is one. Nobody who may not assume it
/// learns which.
pub struct RoleRef {
    /// As it was given.
    arn: Arn,
    account: AccountId,
    trust: Policy,
    role: Option<Role>,
    /// Whether whoever asks is of the role's account.
    near: bool,
}

impl RoleRef {
    /// Finds the role with this ARN.
    ///
    /// # Errors
    /// `ValidationError` for what is no ARN of a role.
    pub(crate) async fn resolve(cx: &mut Context<'_>, text: &str) -> Result<Self> {
        let invalid = || Error::Validation(format!("{text} is invalid").into());
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        let account: AccountId = arn.account().parse().map_err(|_| invalid())?;
        let of_iam = arn.service() == "iam"
            && arn.region().is_empty()
            && arn.partition() == cx.services.partition.as_str();
        let name = arn
            .resource()
            .strip_prefix("role/")
            .and_then(|name| name.rsplit('/').next())
            .filter(|name| of_iam && !name.is_empty())
            .ok_or_else(invalid)?;
        let row = cx.tx.get::<Roles>(&(account, name.to_lowercase())).await?;
        let expected = |role: &Role| arn.resource() == format!("role{}{}", role.path, role.name);
        // A closed account's roles are as if they were not there.
        let closed = cx.bearing(account).is_some_and(|bearing| bearing.closed);
        let role = row.filter(|role| !closed && expected(role));
        let document = role.as_ref().map_or(NOBODY, |role| &role.trust_policy);
        let trust = Policy::parse(document, PolicyKind::Trust)
            .map_err(|_| Error::Policy(format!("cannot compile the trust policy of `{arn}`")))?;
        Ok(Self {
            account,
            trust,
            role,
            near: cx.request.caller.principal.account() == Some(account),
            arn,
        })
    }

    /// The role as records name it.
    pub(super) fn on_record(&self) -> Resource {
        Resource {
            account: self.account,
            r#type: "AWS::IAM::Role",
            arn: self.arn.shared(),
        }
    }

    /// The role's account.
    pub(super) fn owner(&self) -> AccountId {
        self.account
    }

    /// The role.
    ///
    /// # Errors
    /// `AccessDenied` if there is none: its trust policy lets nobody in.
    pub(super) fn role(&self) -> Result<&Role> {
        let none = || Error::AccessDenied("No such role.".into());
        self.role.as_ref().ok_or_else(none)
    }

    /// Refuses those who may assume no role, whatever policies say.
    ///
    /// # Errors
    /// `AccessDenied`.
    ///
    /// Source: IAM User Guide, "Compare AWS STS credentials".
    pub(crate) fn check_assumer(&self, caller: &Caller) -> Result<()> {
        match &caller.principal {
            Principal::Root { .. } => {
                let text = "Roles may not be assumed by root accounts.";
                Err(Error::AccessDenied(text.into()))
            }
            Principal::FederatedUser { .. } => {
                Err(self.refusal(caller.arn.as_str(), "sts:AssumeRole"))
            }
            _ => Ok(()),
        }
    }

    /// The text that refuses `action` without a reason.
    pub(super) fn refusal(&self, caller: &str, action: &str) -> Error {
        let arn = &self.arn;
        Error::AccessDenied(
            format!("User: {caller} is not authorized to perform: {action} on resource: {arn}")
                .into(),
        )
    }
}

impl Target for RoleRef {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.account)
    }

    fn policy(&self) -> Option<&Policy> {
        Some(&self.trust)
    }

    fn condition_keys(&self, keys: &mut Keys) {
        for tag in self.role.iter().flat_map(|role| &role.tags) {
            keys.one(&format!("aws:ResourceTag/{}", tag.key), tag.value.as_str());
            keys.one(&format!("iam:ResourceTag/{}", tag.key), tag.value.as_str());
        }
    }

    fn condition_key(&self, _: &str) -> Option<Values<'_>> {
        None
    }

    /// Another account is not told whether the role is there, and what its
    /// trust policy says. Denials of the caller's own side are its own.
    fn clause(&self, denial: &Denial<'_>, action: &str) -> Option<String> {
        let own = !matches!(
            denial.policy_type,
            PolicyType::ResourceControl | PolicyType::Trust
        );
        (self.near || own && denial.statement.is_some()).then(|| denial.clause(action))
    }
}
