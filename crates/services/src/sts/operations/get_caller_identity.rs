use strongroom_store::Mode;

use crate::{
    authorize::{Anyone, Authorized},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{Result, Sts},
};

/// Says whose credentials signed. Nobody is refused, whatever policies say:
/// the same is told by a refusal.
///
/// Source: STS API Reference, GetCallerIdentity.
pub struct GetCallerIdentity;

/// Nothing is asked.
#[derive(Input)]
pub struct GetCallerIdentityInput {}

/// Who the caller is.
#[derive(Output)]
pub struct GetCallerIdentityOutput {
    /// The value of `aws:userid`.
    pub user_id: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The caller's ARN.
    pub arn: Option<String>,
}

impl Operation for GetCallerIdentity {
    const NAME: &'static str = "GetCallerIdentity";
    const ACTION: &'static str = "sts:GetCallerIdentity";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[];
    type Service = Sts;
    type Input = GetCallerIdentityInput;
    type Output = GetCallerIdentityOutput;
    type Target = Anyone;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<Anyone> {
        Ok(Anyone)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Anyone>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let caller = &cx.request.caller;
        Ok(GetCallerIdentityOutput {
            user_id: Some(caller.principal.user_id()),
            account: Some(caller.account.to_string()),
            arn: Some(caller.arn.to_string()),
        })
    }
}
