use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, policy_ref::PolicyRef, tags},
    operation::Operation,
    shape::{Input, Nothing},
    tables::ManagedPolicies,
};

/// Removes tags from a managed policy. Those that are not there make no difference.
///
/// Source: IAM API Reference, UntagPolicy.
pub struct UntagPolicy;

/// What is asked.
#[derive(Input)]
pub struct UntagPolicyInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// Keys of the tags, in any case.
    #[shape(
        length(0, 50),
        each(length(1, 128), pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"))
    )]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagPolicy {
    const NAME: &'static str = "UntagPolicy";
    const ACTION: &'static str = "iam:UntagPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UntagPolicyInput;
    type Output = Nothing;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut policy) = target.into_inner().own(cx, Self::ACTION)?;
        tags::remove(&mut policy.tags, &input.tag_keys);
        cx.tx.put::<ManagedPolicies>(&key, &policy)?;
        Ok(Nothing)
    }
}
