//! A managed policy that a request names by its ARN.

use strongroom_policy::Policy;
use strongroom_types::AccountId;

use super::{
    error::{Error, Result},
    names,
    policies::{Managed, PolicyArn},
    record::ManagedPolicy,
    tags,
};
use crate::{
    authorize::{Keys, Target},
    context::Context,
};

/// A managed policy: there, or not there.
pub struct PolicyRef {
    named: PolicyArn,
    policy: Option<Managed>,
    shown: String,
}

impl PolicyRef {
    /// The policy with this ARN, whoever's it is.
    ///
    /// # Errors
    /// `ValidationError`, `InvalidInput` for what is no policy's ARN.
    pub(super) async fn resolve(cx: &mut Context<'_>, arn: &str) -> Result<Self> {
        let named = PolicyArn::parse(arn, cx.services.partition)?;
        Ok(Self {
            policy: named.find(&mut cx.tx).await?,
            shown: format!("policy {arn}"),
            named,
        })
    }

    /// Refusals name a version too.
    pub(super) fn version(self, version: &str) -> Self {
        Self {
            shown: format!("{} version {version}", self.shown),
            ..self
        }
    }

    /// The policy as it is.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn found(self) -> Result<Managed> {
        let arn = self.named.arn;
        self.policy.ok_or_else(|| Error::no_policy(arn.as_str()))
    }

    /// The policy, to be changed, and its row.
    ///
    /// # Errors
    /// `NoSuchEntity`; `AccessDenied` for a policy of AWS's, which nobody
    /// else may change whatever their own policies say.
    pub(super) fn own(
        self,
        cx: &Context<'_>,
        action: &str,
    ) -> Result<((AccountId, String), ManagedPolicy)> {
        let key = self
            .named
            .account
            .map(|owner| names::key(owner, &self.named.name));
        let (caller, shown) = (&cx.request.caller.arn, self.shown.clone());
        match (self.found()?, key) {
            (Managed::Customer(policy), Some(key)) => Ok((key, policy)),
            _ => Err(Error::AccessDenied(
                format!(
                    "User: {caller} is not authorized to perform: {action} on resource: {shown} \
                     because no resource-based policy allows the {action} action"
                )
                .into(),
            )),
        }
    }
}

impl Target for PolicyRef {
    fn resource(&self) -> &str {
        self.named.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.shown)
    }

    /// Those of AWS are in every account.
    fn account(&self) -> Option<AccountId> {
        self.named.account
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        if let Some(policy) = &self.policy {
            tags::resource_keys(policy.tags(), keys, false);
        }
    }
}
