use strongroom_store::Mode;

use super::get_function::QUALIFIER;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{Lambda, Result, function::FunctionRef},
    operation::Operation,
    protocol::Http,
    shape::{Input, Output},
    tables::{FunctionCodes, Functions},
};

/// Deletes a function.
///
/// Source: Lambda API Reference, DeleteFunction.
pub struct DeleteFunction;

/// Which function.
#[derive(Input)]
pub struct DeleteFunctionInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// Not offered: there are no versions to delete.
    #[shape(length(1, 128))]
    pub qualifier: Option<String>,
}

/// That it is gone.
#[derive(Output)]
pub struct DeleteFunctionOutput {
    /// 204
    pub status_code: Option<i64>,
}

impl Operation for DeleteFunction {
    const NAME: &'static str = "DeleteFunction";
    const ACTION: &'static str = "lambda:DeleteFunction";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: QUALIFIER,
        answer_status: Some("StatusCode"),
        ..Http::new("DELETE", "/2015-03-31/functions/{FunctionName}", 204)
    });
    type Service = Lambda;
    type Input = DeleteFunctionInput;
    type Output = DeleteFunctionOutput;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, input.qualifier.as_deref()).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        _: Self::Input,
    ) -> Result<DeleteFunctionOutput> {
        let (function, row) = function.changeable()?;
        let (account, region, name) = function.key();
        cx.tx
            .delete::<FunctionCodes>(&(account, region, name, row.code))?;
        cx.tx.delete::<Functions>(&function.key())?;
        Ok(DeleteFunctionOutput {
            status_code: Some(204),
        })
    }
}
