//! Roles: finding one by its name, and the ways to change it.

use strongroom_types::AccountId;

use super::{
    attachments,
    error::{Error, Result},
    names,
    place::{Entity, Record},
    record::{self, Role},
};
use crate::{context::Context, tables::Roles};

/// The path of roles that AWS makes for its services, and alone changes.
pub(super) const SERVICE_ROLE_PATH: &str = "/aws-service-role/";
/// Roles of one account.
///
/// Source: IAM User Guide, IAM and STS quotas.
pub(super) const MAX_ROLES: usize = 1_000;
/// The service that instances run in, to which instance profiles pass roles.
pub(super) const EC2: &str = "ec2.amazonaws.com";

/// A role that a request names.
pub type RoleRef = Entity<Role>;

impl Record for Role {
    const IAM_TAGS: bool = true;

    fn tags(&self) -> &[record::Tag] {
        &self.tags
    }

    fn boundary(&self) -> Option<&str> {
        self.permissions_boundary.as_deref()
    }
}

impl RoleRef {
    /// The role of the caller's account that has this name, whatever its case.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn resolve(cx: &mut Context<'_>, name: &str) -> Result<Self> {
        let key = names::key(cx.request.caller.account, name);
        let role = cx.tx.get::<Roles>(&key).await?;
        let (path, known) = match &role {
            Some(role) => (role.path.as_str(), role.name.as_str()),
            None => (names::ROOT, name),
        };
        let arn = names::own_arn(cx, "role", path, known);
        Ok(Self::new(arn, key, "role", name, role))
    }

    /// The role as it is.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn found(self) -> Result<Role> {
        self.record
            .ok_or_else(|| Error::not_found("role", &self.name))
    }

    /// The role, to be changed.
    ///
    /// # Errors
    /// `NoSuchEntity`, `UnmodifiableEntity` for a role that is AWS's.
    pub(super) fn changeable(self) -> Result<FoundRole> {
        let key = self.key.clone();
        let role = self.found()?;
        if role.linked_service.is_some() {
            return Err(Error::protected_role(&role.name));
        }
        Ok(FoundRole { key, role })
    }
}

/// A role that may be changed.
pub(super) struct FoundRole {
    key: (AccountId, String),
    pub(super) role: Role,
}

impl FoundRole {
    /// Keeps what was changed.
    pub(super) fn save(&self, cx: &mut Context<'_>) -> Result<()> {
        Ok(cx.tx.put::<Roles>(&self.key, &self.role)?)
    }

    /// The role as something that policies are attached to, apart from its
    /// record, which changes with it.
    pub(super) fn entity<'a>(&self, name: &'a str) -> attachments::Entity<'a> {
        attachments::Entity::role(self.key.0, name)
    }
}
