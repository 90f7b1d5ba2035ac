use strongroom_store::Mode;

use super::get_function::QUALIFIER;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Error, Lambda, Result,
        function::{Function, FunctionRef},
        policy::document,
    },
    operation::Operation,
    protocol::Http,
    shape::{Input, Output},
};

/// Returns a function's resource policy.
///
/// Source: Lambda API Reference, GetPolicy.
pub struct GetPolicy;

/// Which function.
#[derive(Input)]
pub struct GetPolicyInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// A version or an alias.
    #[shape(length(1, 128))]
    pub qualifier: Option<String>,
}

/// The policy.
#[derive(Output)]
pub struct GetPolicyOutput {
    /// JSON.
    pub policy: Option<String>,
    /// The function's revision.
    pub revision_id: Option<String>,
}

impl Operation for GetPolicy {
    const NAME: &'static str = "GetPolicy";
    const EVENT: &'static str = "GetPolicy20150331v2";
    const ACTION: &'static str = "lambda:GetPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: QUALIFIER,
        ..Http::new("GET", "/2015-03-31/functions/{FunctionName}/policy", 200)
    });
    type Service = Lambda;
    type Input = GetPolicyInput;
    type Output = GetPolicyOutput;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, input.qualifier.as_deref()).await
    }

    async fn run(
        _: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        _: Self::Input,
    ) -> Result<GetPolicyOutput> {
        let function = function.found()?;
        let (policy, revision_id) = match (&function.alias, &function.function) {
            (Some(alias), _) => (document(&alias.statements), Some(alias.revision_id.clone())),
            (None, Some(Function::Custom(row))) => {
                (document(&row.statements), Some(row.revision_id.clone()))
            }
            _ => (function.standing_policy(), None),
        };
        if policy.is_none() {
            return Err(Error::ResourceNotFound(
                "The resource you requested does not exist.".into(),
            ));
        }
        Ok(GetPolicyOutput {
            policy,
            revision_id,
        })
    }
}
