use strongroom_store::Mode;

use super::list_functions::page_size;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Error, Lambda, Result,
        configuration::FunctionConfiguration,
        function::{Function, FunctionRef},
        versions,
    },
    operation::Operation,
    protocol::{Http, Member},
    shape::{Input, Output},
};

/// Lists the versions of a function: `$LATEST`, then those that were published,
/// the oldest first.
///
/// Source: Lambda API Reference, ListVersionsByFunction.
pub struct ListVersionsByFunction;

/// Which page.
#[derive(Input)]
pub struct ListVersionsByFunctionInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// Versions in an answer, 50 when absent and at most.
    #[shape(range(1, 10000))]
    pub max_items: Option<i64>,
}

/// A page.
#[derive(Output)]
pub struct ListVersionsByFunctionOutput {
    /// Where this page ends, if there are more.
    pub next_marker: Option<String>,
    /// The versions.
    pub versions: Option<Vec<FunctionConfiguration>>,
}

impl Operation for ListVersionsByFunction {
    const NAME: &'static str = "ListVersionsByFunction";
    const EVENT: &'static str = "ListVersionsByFunction20150331";
    const ACTION: &'static str = "lambda:ListVersionsByFunction";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: &[
            Member {
                at: "Marker",
                member: "Marker",
            },
            Member {
                at: "MaxItems",
                member: "MaxItems",
            },
        ],
        ..Http::new("GET", "/2015-03-31/functions/{FunctionName}/versions", 200)
    });
    type Service = Lambda;
    type Input = ListVersionsByFunctionInput;
    type Output = ListVersionsByFunctionOutput;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<ListVersionsByFunctionOutput> {
        let function = function.unqualified()?;
        let after = match input.marker.as_deref() {
            None => None,
            Some(marker) => Some(marker.parse().map_err(|_| {
                Error::InvalidParameterValue("Marker is none that was answered.".into())
            })?),
        };
        let most = page_size(input.max_items);
        let Some(Function::Custom(latest)) = &function.function else {
            let versions = FunctionConfiguration::of(&function).into_iter().collect();
            return Ok(ListVersionsByFunctionOutput {
                next_marker: None,
                versions: Some(versions),
            });
        };
        let mut rows = versions::after(cx, &function, after.unwrap_or(0), most + 1).await?;
        if after.is_none() {
            rows.insert(0, latest.as_ref().clone());
        }
        let more = rows.len() > most;
        rows.truncate(most);
        let last = rows.last().filter(|_| more);
        Ok(ListVersionsByFunctionOutput {
            next_marker: last.map(|row| row.version.to_string()),
            versions: Some(
                rows.iter()
                    .map(|row| FunctionConfiguration::version(&function, row))
                    .collect(),
            ),
        })
    }
}
