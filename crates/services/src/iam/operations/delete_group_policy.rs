use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        groups::GroupRef,
        inline::{self, Owner},
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Deletes a policy that is written into a group.
///
/// Source: IAM API Reference, DeleteGroupPolicy.
pub struct DeleteGroupPolicy;

/// What is asked.
#[derive(Input)]
pub struct DeleteGroupPolicyInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
}

impl Operation for DeleteGroupPolicy {
    const NAME: &'static str = "DeleteGroupPolicy";
    const ACTION: &'static str = "iam:DeleteGroupPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteGroupPolicyInput;
    type Output = Nothing;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let policies = &mut found.group.inline_policies;
        inline::delete(policies, Owner::Group, &input.policy_name)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
