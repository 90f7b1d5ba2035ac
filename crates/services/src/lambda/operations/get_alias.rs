use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{Lambda, Result, aliases::AliasConfiguration, function::FunctionRef},
    operation::Operation,
    protocol::Http,
    shape::Input,
};

/// Returns what an alias stands for.
///
/// Source: Lambda API Reference, GetAlias.
pub struct GetAlias;

/// Which alias.
#[derive(Input)]
pub struct GetAliasInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// The alias, which is no number.
    #[shape(length(1, 128))]
    pub name: String,
}

impl Operation for GetAlias {
    const NAME: &'static str = "GetAlias";
    const EVENT: &'static str = "GetAlias20150331";
    const ACTION: &'static str = "lambda:GetAlias";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http::new(
        "GET",
        "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
        200,
    ));
    type Service = Lambda;
    type Input = GetAliasInput;
    type Output = AliasConfiguration;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<AliasConfiguration> {
        let function = function.unqualified()?;
        let alias = function.alias(cx, &input.name).await?;
        Ok(AliasConfiguration::of(&function, alias))
    }
}
