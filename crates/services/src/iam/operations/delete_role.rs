use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, attachments, instance_profiles, principals, roles::RoleRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::{RoleUses, Roles},
};

/// Deletes a role that has no policies and is in no instance profile. Its sessions end.
///
/// Source: IAM API Reference, DeleteRole.
pub struct DeleteRole;

/// What is asked.
#[derive(Input)]
pub struct DeleteRoleInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
}

impl Operation for DeleteRole {
    const NAME: &'static str = "DeleteRole";
    const ACTION: &'static str = "iam:DeleteRole";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "DeleteConflictException",
        "LimitExceededException",
        "UnmodifiableEntityException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteRoleInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.key.clone();
        let mut role = target.into_inner().changeable()?.role;
        if !instance_profiles::of_role(cx, &key.1).await?.is_empty() {
            return Err(Error::conflict(
                "Cannot delete entity, must remove roles from instance profile first.",
            ));
        }
        if !role.attached_policies.is_empty() {
            return Err(Error::conflict(
                "Cannot delete entity, must detach all policies first.",
            ));
        }
        if !role.inline_policies.is_empty() {
            return Err(Error::conflict(
                "Cannot delete entity, must delete policies first.",
            ));
        }
        let entity = attachments::Entity::role(key.0, &role.name);
        attachments::clear_boundary(cx, entity, &mut role.permissions_boundary)?;
        principals::forget(&mut cx.tx, &role.id)?;
        cx.tx.delete::<Roles>(&key)?;
        cx.tx.delete::<RoleUses>(&key)?;
        Ok(Nothing)
    }
}
