use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, account, place::Place},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Takes the account's rules for passwords away.
///
/// Source: IAM API Reference, DeleteAccountPasswordPolicy.
pub struct DeleteAccountPasswordPolicy;

/// What is asked.
#[derive(Input)]
pub struct DeleteAccountPasswordPolicyInput {}

impl Operation for DeleteAccountPasswordPolicy {
    const NAME: &'static str = "DeleteAccountPasswordPolicy";
    const ACTION: &'static str = "iam:DeleteAccountPasswordPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteAccountPasswordPolicyInput;
    type Output = Nothing;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let mut own = account::own(cx).await?;
        if own.password_policy.take().is_none() {
            return Err(Error::NoSuchEntity(
                "The account policy with name PasswordPolicy cannot be found.".into(),
            ));
        }
        account::save(cx, &own)?;
        Ok(Nothing)
    }
}
