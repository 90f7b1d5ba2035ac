use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{Lambda, Result, function::FunctionRef},
    operation::Operation,
    protocol::Http,
    shape::{Input, Nothing},
    tables::FunctionAliases,
};

/// Deletes an alias, if there is one.
///
/// Source: Lambda API Reference, DeleteAlias.
pub struct DeleteAlias;

/// Which alias.
#[derive(Input)]
pub struct DeleteAliasInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// The alias, which is no number.
    #[shape(length(1, 128))]
    pub name: String,
}

impl Operation for DeleteAlias {
    const NAME: &'static str = "DeleteAlias";
    const EVENT: &'static str = "DeleteAlias20150331";
    const ACTION: &'static str = "lambda:DeleteAlias";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ResourceConflictException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http::new(
        "DELETE",
        "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
        204,
    ));
    type Service = Lambda;
    type Input = DeleteAliasInput;
    type Output = Nothing;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<Nothing> {
        let function = function.unqualified()?;
        function.of_a_user()?;
        let key = function.alias_key(&input.name);
        if cx.tx.get::<FunctionAliases>(&key).await?.is_some() {
            cx.tx.delete::<FunctionAliases>(&key)?;
        }
        Ok(Nothing)
    }
}
