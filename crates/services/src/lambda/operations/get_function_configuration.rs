use strongroom_store::Mode;

use super::get_function::QUALIFIER;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{Lambda, Result, configuration::FunctionConfiguration, function::FunctionRef},
    operation::Operation,
    protocol::Http,
    shape::Input,
};

/// Returns a function's settings.
///
/// Source: Lambda API Reference, GetFunctionConfiguration.
pub struct GetFunctionConfiguration;

/// Which function.
#[derive(Input)]
pub struct GetFunctionConfigurationInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// A version or an alias.
    #[shape(length(1, 128))]
    pub qualifier: Option<String>,
}

impl Operation for GetFunctionConfiguration {
    const NAME: &'static str = "GetFunctionConfiguration";
    const EVENT: &'static str = "GetFunctionConfiguration20150331v2";
    const ACTION: &'static str = "lambda:GetFunctionConfiguration";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: QUALIFIER,
        ..Http::new(
            "GET",
            "/2015-03-31/functions/{FunctionName}/configuration",
            200,
        )
    });
    type Service = Lambda;
    type Input = GetFunctionConfigurationInput;
    type Output = FunctionConfiguration;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, input.qualifier.as_deref()).await
    }

    async fn run(
        _: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        _: Self::Input,
    ) -> Result<FunctionConfiguration> {
        let function = function.found()?;
        FunctionConfiguration::of(&function).ok_or_else(|| function.not_found())
    }
}
