use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result, document,
        groups::GroupRef,
        inline::{self, Owner},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a policy that is written into a group, percent-encoded.
///
/// Source: IAM API Reference, GetGroupPolicy.
pub struct GetGroupPolicy;

/// What is asked.
#[derive(Input)]
pub struct GetGroupPolicyInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
}

/// The policy.
#[derive(Output)]
pub struct GetGroupPolicyOutput {
    /// The group's name.
    pub group_name: String,
    /// The policy's name.
    pub policy_name: String,
    /// The document, percent-encoded.
    pub policy_document: String,
}

impl Operation for GetGroupPolicy {
    const NAME: &'static str = "GetGroupPolicy";
    const ACTION: &'static str = "iam:GetGroupPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetGroupPolicyInput;
    type Output = GetGroupPolicyOutput;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let group = target.into_inner().found()?;
        let policy = inline::get(&group.inline_policies, Owner::Group, &input.policy_name)?;
        Ok(GetGroupPolicyOutput {
            policy_name: policy.name.clone(),
            policy_document: document::encoded(&policy.document),
            group_name: group.name,
        })
    }
}
