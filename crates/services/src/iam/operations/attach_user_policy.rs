use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, attachments, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Attaches a managed policy to a user. One that is attached stays so.
///
/// Source: IAM API Reference, AttachUserPolicy.
pub struct AttachUserPolicy;

/// What is asked.
#[derive(Input)]
pub struct AttachUserPolicyInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
}

impl Operation for AttachUserPolicy {
    const NAME: &'static str = "AttachUserPolicy";
    const ACTION: &'static str = "iam:AttachUserPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "PolicyNotAttachableException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = AttachUserPolicyInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        Ok(UserRef::resolve(cx, &input.user_name).await?.bounded())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("iam:PolicyARN", &input.policy_arn);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let name = found.user.name.clone();
        let entity = found.entity(&name);
        let attached = &mut found.user.attached_policies;
        attachments::attach(cx, entity, attached, &input.policy_arn).await?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
