use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::Role, roles::RoleRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a role with its trust policy, which is percent-encoded.
///
/// Source: IAM API Reference, GetRole.
pub struct GetRole;

/// What is asked.
#[derive(Input)]
pub struct GetRoleInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
}

/// The role.
#[derive(Output)]
pub struct GetRoleOutput {
    /// The role.
    pub role: Role,
}

impl Operation for GetRole {
    const NAME: &'static str = "GetRole";
    const ACTION: &'static str = "iam:GetRole";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetRoleInput;
    type Output = GetRoleOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let role = target.into_inner().found()?;
        Ok(GetRoleOutput {
            role: Role::whole(cx, &role).await?,
        })
    }
}
