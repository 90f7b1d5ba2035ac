use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Iam, Result,
        policy_ref::PolicyRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::ManagedPolicies,
};

/// Sets tags of a managed policy.
///
/// Source: IAM API Reference, TagPolicy.
pub struct TagPolicy;

/// What is asked.
#[derive(Input)]
pub struct TagPolicyInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Vec<Tag>,
}

impl Operation for TagPolicy {
    const NAME: &'static str = "TagPolicy";
    const ACTION: &'static str = "iam:TagPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = TagPolicyInput;
    type Output = Nothing;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut policy) = target.into_inner().own(cx, Self::ACTION)?;
        tags::set(&mut policy.tags, tags::checked(input.tags)?)?;
        cx.tx.put::<ManagedPolicies>(&key, &policy)?;
        Ok(Nothing)
    }
}
