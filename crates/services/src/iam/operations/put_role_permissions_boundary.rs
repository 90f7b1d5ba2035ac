use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, attachments, roles::RoleRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Bounds what a role may do by a managed policy, in place of one that does.
///
/// Source: IAM API Reference, PutRolePermissionsBoundary.
pub struct PutRolePermissionsBoundary;

/// What is asked.
#[derive(Input)]
pub struct PutRolePermissionsBoundaryInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// ARN of the managed policy that bounds what it may do.
    #[shape(length(20, 2048))]
    pub permissions_boundary: String,
}

impl Operation for PutRolePermissionsBoundary {
    const NAME: &'static str = "PutRolePermissionsBoundary";
    const ACTION: &'static str = "iam:PutRolePermissionsBoundary";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "UnmodifiableEntityException",
        "PolicyNotAttachableException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = PutRolePermissionsBoundaryInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("iam:PermissionsBoundary", &input.permissions_boundary);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let name = found.role.name.clone();
        let entity = found.entity(&name);
        let boundary = &mut found.role.permissions_boundary;
        attachments::set_boundary(cx, entity, boundary, &input.permissions_boundary).await?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
