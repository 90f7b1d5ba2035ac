use strongroom_store::Mode;

use super::get_function::QUALIFIER;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Error, Lambda, Result, aliases,
        function::{Function, FunctionRef},
        qualifier::Qualifier,
        versions,
    },
    operation::Operation,
    protocol::Http,
    shape::{Input, Output},
    tables::FunctionAliases,
};

/// Deletes a function with its versions and aliases, or one of its versions.
///
/// Source: Lambda API Reference, DeleteFunction.
pub struct DeleteFunction;

/// Which function.
#[derive(Input)]
pub struct DeleteFunctionInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// A version: only that one is deleted.
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
    const EVENT: &'static str = "DeleteFunction20150331";
    const ACTION: &'static str = "lambda:DeleteFunction";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ResourceConflictException",
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
        let function = function.found()?;
        let Some(Function::Custom(row)) = &function.function else {
            return Err(function.fixed());
        };
        match &function.qualifier {
            None => {
                for alias in aliases::of_version(cx, &function, None).await? {
                    let key = function.alias_key(&alias.name);
                    cx.tx.delete::<FunctionAliases>(&key)?;
                }
                versions::delete_all(cx, &function, row).await?;
            }
            Some(Qualifier::Version(number)) => {
                let named = aliases::of_version(cx, &function, Some(*number)).await?;
                if !named.is_empty() {
                    let names: Vec<String> = named.into_iter().map(|alias| alias.name).collect();
                    return Err(Error::ResourceConflict(
                        format!(
                            "Unable to delete version because the following aliases reference \
                             it: [{}]",
                            names.join(", ")
                        )
                        .into(),
                    ));
                }
                versions::delete(cx, &function, row).await?;
            }
            Some(Qualifier::Latest) => {
                return Err(Error::InvalidParameterValue(
                    "$LATEST version cannot be deleted without deleting the function.".into(),
                ));
            }
            Some(Qualifier::Alias(_)) => {
                return Err(Error::InvalidParameterValue(
                    "Deletion of aliases is not currently supported.".into(),
                ));
            }
        }
        Ok(DeleteFunctionOutput {
            status_code: Some(204),
        })
    }
}
