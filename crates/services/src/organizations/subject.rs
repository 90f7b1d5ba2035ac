//! What a request to Organizations is about, as policies see it.

use strongroom_policy::Policy;
use strongroom_types::AccountId;

use super::{
    entity::{Entity, Org, PolicyOf},
    error::{Error, Result},
    policy_type::PolicyType,
    record::Tag,
};
use crate::{
    authorize::{Keys, Target, check},
    context::Context,
};

/// A root, unit, account, policy or the organization itself; or nothing in
/// particular.
pub struct Subject {
    resource: String,
    org: Option<Org>,
    entity: Option<Entity>,
    tags: Vec<Tag>,
    policy_type: Option<PolicyType>,
}

impl Subject {
    /// Of an operation that names no resource.
    pub(super) async fn none(cx: &mut Context<'_>) -> Result<Self> {
        Ok(Self {
            resource: "*".to_owned(),
            org: Org::of_caller(cx).await?,
            entity: None,
            tags: Vec::new(),
            policy_type: None,
        })
    }

    /// What has this id. What does not exist is judged by the ARN that it
    /// would have.
    pub(super) async fn named(cx: &mut Context<'_>, id: &str) -> Result<Self> {
        let mut subject = Self::none(cx).await?;
        let Some(org) = &subject.org else {
            return Ok(subject);
        };
        subject.resource = org.arn_of_id(cx, id);
        if let Some(entity) = org.find(cx, id).await? {
            subject.resource = org.arn_of(cx, &entity);
            subject.tags = entity.tags(org);
            if let Entity::Policy(_, policy) = &entity {
                subject.policy_type = Some(policy.policy_type());
            }
            subject.entity = Some(entity);
        }
        Ok(subject)
    }

    /// With `organizations:PolicyType`, which the request names.
    pub(super) fn of_type(mut self, policy_type: Option<PolicyType>) -> Self {
        self.policy_type = policy_type;
        self
    }

    /// The organization, for its management account alone.
    ///
    /// # Errors
    /// `AWSOrganizationsNotInUseException`, `AccessDeniedException`.
    pub(super) fn managed(&self, cx: &Context<'_>) -> Result<Org> {
        let org = self.org.clone().ok_or(Error::NotInUse)?;
        if cx.request.caller.account == org.management {
            Ok(org)
        } else {
            Err(Error::not_management())
        }
    }

    /// The organization, for any of its accounts.
    ///
    /// # Errors
    /// `AWSOrganizationsNotInUseException`.
    pub(super) fn joined(&self) -> Result<Org> {
        self.org.clone().ok_or(Error::NotInUse)
    }

    /// Whether the caller's account is in an organization.
    pub(super) fn is_in_organization(&self) -> bool {
        self.org.is_some()
    }

    /// What is named, if it exists.
    pub(super) fn entity(&self) -> Option<&Entity> {
        self.entity.as_ref()
    }

    /// A root or unit.
    pub(super) fn parent(&self) -> Option<&Entity> {
        (self.entity.as_ref()).filter(|it| matches!(it, Entity::Root | Entity::Unit(..)))
    }

    /// What policies can be attached to.
    pub(super) fn attachable(&self) -> Option<&Entity> {
        (self.entity.as_ref()).filter(|it| !matches!(it, Entity::Policy(..)))
    }

    pub(super) fn policy(&self) -> Option<(&str, &PolicyOf)> {
        match &self.entity {
            Some(Entity::Policy(id, policy)) => Some((id, policy)),
            _ => None,
        }
    }

    /// Judges a further resource that the request names.
    ///
    /// # Errors
    /// `AccessDeniedException`.
    pub(super) fn also_allowed(&self, cx: &Context<'_>, action: &str) -> Result<()> {
        check(cx, self, action, &Keys::default()).map_err(Error::AccessDenied)
    }
}

impl Target for Subject {
    fn resource(&self) -> &str {
        &self.resource
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.resource)
    }

    /// None: that only the management account may look is Organizations' own
    /// rule, not one of policies.
    fn account(&self) -> Option<AccountId> {
        None
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        for tag in &self.tags {
            keys.one(&format!("aws:ResourceTag/{}", tag.key), tag.value.clone());
        }
        keys.some(
            "organizations:PolicyType",
            self.policy_type.map(PolicyType::as_str),
        );
    }
}
