use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        inline::{self, Owner},
        roles::RoleRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Deletes a policy that is written into a role.
///
/// Source: IAM API Reference, DeleteRolePolicy.
pub struct DeleteRolePolicy;

/// What is asked.
#[derive(Input)]
pub struct DeleteRolePolicyInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
}

impl Operation for DeleteRolePolicy {
    const NAME: &'static str = "DeleteRolePolicy";
    const ACTION: &'static str = "iam:DeleteRolePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "UnmodifiableEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteRolePolicyInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        Ok(RoleRef::resolve(cx, &input.role_name).await?.bounded())
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let policies = &mut found.role.inline_policies;
        inline::delete(policies, Owner::Role, &input.policy_name)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
