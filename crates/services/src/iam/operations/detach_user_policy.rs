use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, attachments, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Detaches a managed policy from a user.
///
/// Source: IAM API Reference, DetachUserPolicy.
pub struct DetachUserPolicy;

/// What is asked.
#[derive(Input)]
pub struct DetachUserPolicyInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
}

impl Operation for DetachUserPolicy {
    const NAME: &'static str = "DetachUserPolicy";
    const ACTION: &'static str = "iam:DetachUserPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DetachUserPolicyInput;
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
        attachments::detach(cx, entity, attached, &input.policy_arn)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
