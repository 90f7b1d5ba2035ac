use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, attachments, groups::GroupRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Attaches a managed policy to a group. One that is attached stays so.
///
/// Source: IAM API Reference, AttachGroupPolicy.
pub struct AttachGroupPolicy;

/// What is asked.
#[derive(Input)]
pub struct AttachGroupPolicyInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
}

impl Operation for AttachGroupPolicy {
    const NAME: &'static str = "AttachGroupPolicy";
    const ACTION: &'static str = "iam:AttachGroupPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "PolicyNotAttachableException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = AttachGroupPolicyInput;
    type Output = Nothing;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("iam:PolicyARN", &input.policy_arn);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let name = found.group.name.clone();
        let entity = found.entity(&name);
        let attached = &mut found.group.attached_policies;
        attachments::attach(cx, entity, attached, &input.policy_arn).await?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
