use strongroom_store::Mode;
use strongroom_types::Principal;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, account, answers::User, users::UserRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a user; without a name the caller, be it the root user.
///
/// Source: IAM API Reference, GetUser.
pub struct GetUser;

/// What is asked.
#[derive(Input)]
pub struct GetUserInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
}

/// The user.
#[derive(Output)]
pub struct GetUserOutput {
    /// The user.
    pub user: User,
}

fn is_root(cx: &Context<'_>) -> bool {
    matches!(cx.request.caller.principal, Principal::Root { .. })
}

impl Operation for GetUser {
    const NAME: &'static str = "GetUser";
    const ACTION: &'static str = "iam:GetUser";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetUserInput;
    type Output = GetUserOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        if input.user_name.is_none() && is_root(cx) {
            return Ok(UserRef::root(cx));
        }
        UserRef::resolve_or_caller(cx, input.user_name.as_deref()).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        if input.user_name.is_none() && is_root(cx) {
            let created_ms = account::own(cx).await?.created_ms;
            return Ok(GetUserOutput {
                user: User::root(cx, created_ms),
            });
        }
        let user = target.into_inner().found()?;
        Ok(GetUserOutput {
            user: User::whole(cx, &user),
        })
    }
}
