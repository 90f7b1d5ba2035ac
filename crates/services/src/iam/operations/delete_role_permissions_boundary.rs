use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, attachments, roles::RoleRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Takes a role's permissions boundary away.
///
/// Source: IAM API Reference, DeleteRolePermissionsBoundary.
pub struct DeleteRolePermissionsBoundary;

/// What is asked.
#[derive(Input)]
pub struct DeleteRolePermissionsBoundaryInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
}

impl Operation for DeleteRolePermissionsBoundary {
    const NAME: &'static str = "DeleteRolePermissionsBoundary";
    const ACTION: &'static str = "iam:DeleteRolePermissionsBoundary";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "UnmodifiableEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteRolePermissionsBoundaryInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        Ok(RoleRef::resolve(cx, &input.role_name).await?.bounded())
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        if found.role.permissions_boundary.is_none() {
            let text = format!(
                "Role {} does not have a permissions boundary.",
                found.role.name
            );
            return Err(Error::NoSuchEntity(text.into()));
        }
        let name = found.role.name.clone();
        let entity = found.entity(&name);
        attachments::clear_boundary(cx, entity, &mut found.role.permissions_boundary)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
