use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing, Output},
};

/// Returns a user's console password, less the password: no user here has any.
///
/// Source: IAM API Reference, GetLoginProfile.
pub struct GetLoginProfile;

/// What is asked.
#[derive(Input)]
pub struct GetLoginProfileInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
}

/// Never given.
#[derive(Output)]
pub struct GetLoginProfileOutput {
    /// Never there.
    pub login_profile: Nothing,
}

impl Operation for GetLoginProfile {
    const NAME: &'static str = "GetLoginProfile";
    const ACTION: &'static str = "iam:GetLoginProfile";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetLoginProfileInput;
    type Output = GetLoginProfileOutput;
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
