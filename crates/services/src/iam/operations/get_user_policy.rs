use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result, document,
        inline::{self, Owner},
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a policy that is written into a user, percent-encoded.
///
/// Source: IAM API Reference, GetUserPolicy.
pub struct GetUserPolicy;

/// What is asked.
#[derive(Input)]
pub struct GetUserPolicyInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
}

/// The policy.
#[derive(Output)]
pub struct GetUserPolicyOutput {
    /// The user's name.
    pub user_name: String,
    /// The policy's name.
    pub policy_name: String,
    /// The document, percent-encoded.
    pub policy_document: String,
}

impl Operation for GetUserPolicy {
    const NAME: &'static str = "GetUserPolicy";
    const ACTION: &'static str = "iam:GetUserPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetUserPolicyInput;
    type Output = GetUserPolicyOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve(cx, &input.user_name).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let user = target.into_inner().found()?;
        let policy = inline::get(&user.inline_policies, Owner::User, &input.policy_name)?;
        Ok(GetUserPolicyOutput {
            policy_name: policy.name.clone(),
            policy_document: document::encoded(&policy.document),
            user_name: user.name,
        })
    }
}
