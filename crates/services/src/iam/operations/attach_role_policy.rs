use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, attachments, roles::RoleRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Attaches a managed policy to a role. One that is attached stays so.
///
/// Source: IAM API Reference, AttachRolePolicy.
pub struct AttachRolePolicy;

/// What is asked.
#[derive(Input)]
pub struct AttachRolePolicyInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
}

impl Operation for AttachRolePolicy {
    const NAME: &'static str = "AttachRolePolicy";
    const ACTION: &'static str = "iam:AttachRolePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "UnmodifiableEntityException",
        "PolicyNotAttachableException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = AttachRolePolicyInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        Ok(RoleRef::resolve(cx, &input.role_name).await?.bounded())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("iam:PolicyARN", &input.policy_arn);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let name = found.role.name.clone();
        let entity = found.entity(&name);
        let attached = &mut found.role.attached_policies;
        attachments::attach(cx, entity, attached, &input.policy_arn).await?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
