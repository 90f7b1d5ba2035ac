use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Target},
    context::Context,
    iam::{Error, Iam, Result, policies::version_number, policy_ref::PolicyRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::ManagedPolicies,
};

/// Puts a version of a managed policy in force, wherever the policy is attached.
///
/// Source: IAM API Reference, SetDefaultPolicyVersion.
pub struct SetDefaultPolicyVersion;

/// What is asked.
#[derive(Input)]
pub struct SetDefaultPolicyVersionInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// The version's id, `v3`.
    #[shape(pattern(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"))]
    pub version_id: String,
}

impl Operation for SetDefaultPolicyVersion {
    const NAME: &'static str = "SetDefaultPolicyVersion";
    const ACTION: &'static str = "iam:SetDefaultPolicyVersion";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = SetDefaultPolicyVersionInput;
    type Output = Nothing;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let arn = target.resource().to_owned();
        let (key, mut policy) = target.into_inner().own(cx, Self::ACTION)?;
        let number = version_number(&input.version_id);
        let version = policy
            .versions
            .iter()
            .find(|version| Some(version.number) == number);
        let version = version.ok_or_else(|| Error::no_policy_version(&arn, &input.version_id))?;
        policy.default_version = version.number;
        cx.tx.put::<ManagedPolicies>(&key, &policy)?;
        Ok(Nothing)
    }
}
