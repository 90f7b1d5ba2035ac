use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Lambda, Result,
        arguments::Variables,
        configuration::FunctionConfiguration,
        function::{Function, FunctionRef},
    },
    operation::Operation,
    protocol::{Http, Member},
    shape::{Input, Output},
};

/// Returns what is known of a function.
///
/// Source: Lambda API Reference, GetFunction.
pub struct GetFunction;

/// Which function.
#[derive(Input)]
pub struct GetFunctionInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// A version or an alias.
    #[shape(length(1, 128))]
    pub qualifier: Option<String>,
}

/// The function. Where its archive could be fetched is not told.
#[derive(Output)]
pub struct GetFunctionOutput {
    /// The function.
    pub configuration: Option<FunctionConfiguration>,
    /// The user's tags.
    pub tags: Option<Variables>,
}

impl Operation for GetFunction {
    const NAME: &'static str = "GetFunction";
    const EVENT: &'static str = "GetFunction20150331v2";
    const ACTION: &'static str = "lambda:GetFunction";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: QUALIFIER,
        ..Http::new("GET", "/2015-03-31/functions/{FunctionName}", 200)
    });
    type Service = Lambda;
    type Input = GetFunctionInput;
    type Output = GetFunctionOutput;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, input.qualifier.as_deref()).await
    }

    async fn run(
        _: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        _: Self::Input,
    ) -> Result<GetFunctionOutput> {
        let function = function.found()?;
        let tags = match &function.function {
            Some(Function::Custom(row)) => Variables::of(&row.tags),
            _ => None,
        };
        Ok(GetFunctionOutput {
            configuration: FunctionConfiguration::of(&function),
            tags,
        })
    }
}

/// The parameter that many operations have.
pub(super) const QUALIFIER: &[Member] = &[Member {
    at: "Qualifier",
    member: "Qualifier",
}];
