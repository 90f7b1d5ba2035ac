use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, account, place::Place, record},
    operation::Operation,
    shape::{Input, Nothing},
    tables::AccountAliases,
};

/// Gives the account an alias, in place of one it has. Aliases are unique in the
/// deployment.
///
/// Source: IAM API Reference, CreateAccountAlias.
pub struct CreateAccountAlias;

/// What is asked.
#[derive(Input)]
pub struct CreateAccountAliasInput {
    /// Lower-case letters, digits and single hyphens within, 3 to 63.
    #[shape(length(3, 63))]
    pub account_alias: String,
}

impl Operation for CreateAccountAlias {
    const NAME: &'static str = "CreateAccountAlias";
    const ACTION: &'static str = "iam:CreateAccountAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ConcurrentModificationException",
        "EntityAlreadyExistsException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateAccountAliasInput;
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
        if !account::is_alias(&alias) {
            return Err(Error::Validation(
                "1 validation error detected: Value at 'accountAlias' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: \
                 ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"
                    .into(),
            ));
        }
        let mut own = account::own(cx).await?;
        if cx
            .tx
            .get::<AccountAliases>(&(alias.clone(),))
            .await?
            .is_some()
        {
            let text = format!("The account alias {alias} already exists.");
            return Err(Error::EntityAlreadyExists(text.into()));
        }
        if let Some(old) = own.alias.replace(alias.clone()) {
            cx.tx.delete::<AccountAliases>(&(old,))?;
        }
        let account = cx.request.caller.account.number();
        cx.tx
            .put::<AccountAliases>(&(alias,), &record::AccountAlias { account })?;
        account::save(cx, &own)?;
        Ok(Nothing)
    }
}
