use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, roles::RoleRef, trust},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Gives a role another trust policy.
///
/// Source: IAM API Reference, UpdateAssumeRolePolicy.
pub struct UpdateAssumeRolePolicy;

/// What is asked.
#[derive(Input)]
pub struct UpdateAssumeRolePolicyInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// The JSON document.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy_document: String,
}

impl Operation for UpdateAssumeRolePolicy {
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const ACTION: &'static str = "iam:UpdateAssumeRolePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "MalformedPolicyDocumentException",
        "LimitExceededException",
        "UnmodifiableEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UpdateAssumeRolePolicyInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        found.role.trust_policy = trust::stored(cx, &input.policy_document).await?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
