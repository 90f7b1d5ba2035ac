use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Deletes a user's console password: no user here has any.
///
/// Source: IAM API Reference, DeleteLoginProfile.
pub struct DeleteLoginProfile;

/// What is asked.
#[derive(Input)]
pub struct DeleteLoginProfileInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
}

impl Operation for DeleteLoginProfile {
    const NAME: &'static str = "DeleteLoginProfile";
    const ACTION: &'static str = "iam:DeleteLoginProfile";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "EntityTemporarilyUnmodifiableException",
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteLoginProfileInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve_or_caller(cx, input.user_name.as_deref()).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<UserRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let user = target.into_inner().found()?;
        let text = format!("Login Profile for User {} cannot be found.", user.name);
        Err(Error::NoSuchEntity(text.into()))
    }
}
