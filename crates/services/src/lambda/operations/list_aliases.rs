use strongroom_store::Mode;

use super::list_functions::page_size;
use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Lambda, Result,
        aliases::{self, AliasConfiguration},
        function::FunctionRef,
    },
    operation::Operation,
    protocol::{Http, Member},
    shape::{Input, Output},
};

/// Lists the aliases of a function, by name.
///
/// Source: Lambda API Reference, ListAliases.
pub struct ListAliases;

/// Which page.
#[derive(Input)]
pub struct ListAliasesInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// Only those that stand for this version.
    #[shape(length(1, 1024), pattern(r"(\$LATEST(\.PUBLISHED)?|[0-9]+)"))]
    pub function_version: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// Aliases in an answer, 50 when absent and at most.
    #[shape(range(1, 10000))]
    pub max_items: Option<i64>,
}

/// A page.
#[derive(Output)]
pub struct ListAliasesOutput {
    /// Where this page ends, if there are more.
    pub next_marker: Option<String>,
    /// The aliases.
    pub aliases: Option<Vec<AliasConfiguration>>,
}

impl Operation for ListAliases {
    const NAME: &'static str = "ListAliases";
    const EVENT: &'static str = "ListAliases20150331";
    const ACTION: &'static str = "lambda:ListAliases";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: &[
            Member {
                at: "FunctionVersion",
                member: "FunctionVersion",
            },
            Member {
                at: "Marker",
                member: "Marker",
            },
            Member {
                at: "MaxItems",
                member: "MaxItems",
            },
        ],
        ..Http::new("GET", "/2015-03-31/functions/{FunctionName}/aliases", 200)
    });
    type Service = Lambda;
    type Input = ListAliasesInput;
    type Output = ListAliasesOutput;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<ListAliasesOutput> {
        let function = function.unqualified()?;
        let version = match input.function_version {
            Some(version) => Some(function.version(cx, &version).await?),
            None => None,
        };
        let mut aliases = aliases::of_version(cx, &function, version).await?;
        if let Some(marker) = input.marker {
            aliases.retain(|alias| alias.name > marker);
        }
        let most = page_size(input.max_items);
        let more = aliases.len() > most;
        aliases.truncate(most);
        let next_marker = aliases.last().filter(|_| more);
        Ok(ListAliasesOutput {
            next_marker: next_marker.map(|alias| alias.name.clone()),
            aliases: Some(
                aliases
                    .into_iter()
                    .map(|alias| AliasConfiguration::of(&function, alias))
                    .collect(),
            ),
        })
    }
}
