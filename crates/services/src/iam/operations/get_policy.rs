use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Target},
    context::Context,
    iam::{Iam, Result, answers::Policy, attachments, policy_ref::PolicyRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a managed policy, without its document.
///
/// Source: IAM API Reference, GetPolicy.
pub struct GetPolicy;

/// What is asked.
#[derive(Input)]
pub struct GetPolicyInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
}

/// The policy.
#[derive(Output)]
pub struct GetPolicyOutput {
    /// The policy.
    pub policy: Option<Policy>,
}

impl Operation for GetPolicy {
    const NAME: &'static str = "GetPolicy";
    const ACTION: &'static str = "iam:GetPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = GetPolicyInput;
    type Output = GetPolicyOutput;
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
        let policy = target.into_inner().found()?;
        let account = cx.request.caller.account;
        let usage = attachments::usage(&mut cx.tx, account, &arn).await?;
        Ok(GetPolicyOutput {
            policy: Some(Policy::whole(&arn, &policy, usage)),
        })
    }
}
