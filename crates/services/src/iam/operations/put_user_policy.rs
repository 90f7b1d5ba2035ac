use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        inline::{self, Owner},
        record::InlinePolicy,
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Writes a policy into a user, in place of one of the same name.
///
/// Source: IAM API Reference, PutUserPolicy.
pub struct PutUserPolicy;

/// What is asked.
#[derive(Input)]
pub struct PutUserPolicyInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
    /// The JSON document.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy_document: String,
}

impl Operation for PutUserPolicy {
    const NAME: &'static str = "PutUserPolicy";
    const ACTION: &'static str = "iam:PutUserPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "LimitExceededException",
        "MalformedPolicyDocumentException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = PutUserPolicyInput;
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
        let policy = InlinePolicy {
            name: input.policy_name,
            document: input.policy_document,
        };
        let user = &mut found.user;
        inline::put(&mut user.inline_policies, Owner::User, &user.name, policy)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
