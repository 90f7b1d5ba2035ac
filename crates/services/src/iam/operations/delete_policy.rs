use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Target},
    context::Context,
    iam::{Error, Iam, Result, attachments, policy_ref::PolicyRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::ManagedPolicies,
};

/// Deletes a managed policy that is used nowhere and has no version but its default.
///
/// Source: IAM API Reference, DeletePolicy.
pub struct DeletePolicy;

/// What is asked.
#[derive(Input)]
pub struct DeletePolicyInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
}

impl Operation for DeletePolicy {
    const NAME: &'static str = "DeletePolicy";
    const ACTION: &'static str = "iam:DeletePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "DeleteConflictException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeletePolicyInput;
    type Output = Nothing;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let arn = target.resource().to_owned();
        let (key, policy) = target.into_inner().own(cx, Self::ACTION)?;
        if !attachments::users_of(&mut cx.tx, key.0, &arn)
            .await?
            .is_empty()
        {
            return Err(Error::conflict(
                "Cannot delete a policy attached to entities.",
            ));
        }
        if policy.versions.len() > 1 {
            return Err(Error::conflict(
                "This policy has more than one version. Before you delete a policy, you must \
                 delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        cx.tx.delete::<ManagedPolicies>(&key)?;
        Ok(Nothing)
    }
}
