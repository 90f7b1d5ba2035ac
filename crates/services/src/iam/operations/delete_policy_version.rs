use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Target},
    context::Context,
    iam::{Error, Iam, Result, policies::version_number, policy_ref::PolicyRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::ManagedPolicies,
};

/// Deletes a version of a managed policy that is not its default.
///
/// Source: IAM API Reference, DeletePolicyVersion.
pub struct DeletePolicyVersion;

/// What is asked.
#[derive(Input)]
pub struct DeletePolicyVersionInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// The version's id, `v3`.
    #[shape(pattern(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"))]
    pub version_id: String,
}

impl Operation for DeletePolicyVersion {
    const NAME: &'static str = "DeletePolicyVersion";
    const ACTION: &'static str = "iam:DeletePolicyVersion";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "DeleteConflictException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeletePolicyVersionInput;
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
        if number == Some(policy.default_version) {
            return Err(Error::conflict(
                "Cannot delete the default version of a policy.",
            ));
        }
        let before = policy.versions.len();
        policy
            .versions
            .retain(|version| Some(version.number) != number);
        if policy.versions.len() == before {
            return Err(Error::no_policy_version(&arn, &input.version_id));
        }
        cx.tx.put::<ManagedPolicies>(&key, &policy)?;
        Ok(Nothing)
    }
}
