use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, account, place::Place},
    operation::Operation,
    shape::{Input, Nothing},
    tables::AccountAliases,
};

/// Takes the account's alias away.
///
/// Source: IAM API Reference, DeleteAccountAlias.
pub struct DeleteAccountAlias;

/// What is asked.
#[derive(Input)]
pub struct DeleteAccountAliasInput {
    /// Lower-case letters, digits and single hyphens within, 3 to 63.
    #[shape(length(3, 63))]
    pub account_alias: String,
}

impl Operation for DeleteAccountAlias {
    const NAME: &'static str = "DeleteAccountAlias";
    const ACTION: &'static str = "iam:DeleteAccountAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ConcurrentModificationException",
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteAccountAliasInput;
    type Output = Nothing;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let alias = input.account_alias;
        let mut own = account::own(cx).await?;
        if own.alias.as_deref() != Some(alias.as_str()) {
            let text = format!("The account alias {alias} cannot be found.");
            return Err(Error::NoSuchEntity(text.into()));
        }
        own.alias = None;
        account::save(cx, &own)?;
        cx.tx.delete::<AccountAliases>(&(alias,))?;
        Ok(Nothing)
    }
}
