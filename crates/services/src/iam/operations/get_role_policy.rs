use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result, document,
        inline::{self, Owner},
        roles::RoleRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a policy that is written into a role, percent-encoded.
///
/// Source: IAM API Reference, GetRolePolicy.
pub struct GetRolePolicy;

/// What is asked.
#[derive(Input)]
pub struct GetRolePolicyInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
}

/// The policy.
#[derive(Output)]
pub struct GetRolePolicyOutput {
    /// The role's name.
    pub role_name: String,
    /// The policy's name.
    pub policy_name: String,
    /// The document, percent-encoded.
    pub policy_document: String,
}

impl Operation for GetRolePolicy {
    const NAME: &'static str = "GetRolePolicy";
    const ACTION: &'static str = "iam:GetRolePolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetRolePolicyInput;
    type Output = GetRolePolicyOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let role = target.into_inner().found()?;
        let policy = inline::get(&role.inline_policies, Owner::Role, &input.policy_name)?;
        Ok(GetRolePolicyOutput {
            policy_name: policy.name.clone(),
            policy_document: document::encoded(&policy.document),
            role_name: role.name,
        })
    }
}
