use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, attachments, groups::GroupRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Detaches a managed policy from a group.
///
/// Source: IAM API Reference, DetachGroupPolicy.
pub struct DetachGroupPolicy;

/// What is asked.
#[derive(Input)]
pub struct DetachGroupPolicyInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
}

impl Operation for DetachGroupPolicy {
    const NAME: &'static str = "DetachGroupPolicy";
    const ACTION: &'static str = "iam:DetachGroupPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DetachGroupPolicyInput;
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
        attachments::detach(cx, entity, attached, &input.policy_arn)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
