use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        inline::{self, Owner},
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Deletes a policy that is written into a user.
///
/// Source: IAM API Reference, DeleteUserPolicy.
pub struct DeleteUserPolicy;

/// What is asked.
#[derive(Input)]
pub struct DeleteUserPolicyInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
}

impl Operation for DeleteUserPolicy {
    const NAME: &'static str = "DeleteUserPolicy";
    const ACTION: &'static str = "iam:DeleteUserPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteUserPolicyInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        Ok(UserRef::resolve(cx, &input.user_name).await?.bounded())
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let policies = &mut found.user.inline_policies;
        inline::delete(policies, Owner::User, &input.policy_name)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
