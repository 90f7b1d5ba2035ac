use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    lambda::{Error, Lambda, Result, configuration::FunctionConfiguration},
    operation::Operation,
    protocol::{Http, Member},
    shape::{Input, Output},
    tables::Functions,
};

/// Functions of one answer, at most.
const PAGE: usize = 50;

/// Lists the functions that users made. Those that are built in are not among
/// them.
///
/// Source: Lambda API Reference, ListFunctions.
pub struct ListFunctions;

/// Which page.
#[derive(Input)]
pub struct ListFunctionsInput {
    /// Not offered: functions are where they were made.
    pub master_region: Option<String>,
    /// `ALL`: there are no versions but the newest.
    pub function_version: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// Functions in an answer, 50 when absent and at most.
    #[shape(range(1, 10000))]
    pub max_items: Option<i64>,
}

/// A page.
#[derive(Output)]
pub struct ListFunctionsOutput {
    /// Where this page ends, if there are more.
    pub next_marker: Option<String>,
    /// The functions, by name.
    pub functions: Option<Vec<FunctionConfiguration>>,
}

impl Operation for ListFunctions {
    const NAME: &'static str = "ListFunctions";
    const ACTION: &'static str = "lambda:ListFunctions";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["InvalidParameterValueException", "ServiceException"];
    const HTTP: Option<Http> = Some(Http {
        query: &[
            Member {
                at: "MasterRegion",
                member: "MasterRegion",
            },
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
        ..Http::new("GET", "/2015-03-31/functions", 200)
    });
    type Service = Lambda;
    type Input = ListFunctionsInput;
    type Output = ListFunctionsOutput;
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<AnyResource>,
        input: Self::Input,
    ) -> Result<ListFunctionsOutput> {
        if input
            .function_version
            .is_some_and(|version| version != "ALL")
        {
            return Err(Error::InvalidParameterValue(
                "FunctionVersion must be ALL.".into(),
            ));
        }
        let home = cx.home();
        let place = (home.account, home.region);
        let after = input
            .marker
            .map(|marker| (home.account, home.region, marker));
        let most = input.max_items.and_then(|most| usize::try_from(most).ok());
        let most = most.unwrap_or(PAGE).min(PAGE);
        let mut rows = cx
            .tx
            .range::<Functions>(place, after.as_ref(), most + 1)
            .await?;
        let more = rows.len() > most;
        rows.truncate(most);
        let next_marker = rows
            .last()
            .filter(|_| more)
            .map(|((.., name), _)| name.clone());
        let functions = rows.iter().map(|((.., name), row)| {
            let arn = home.arn("lambda", format_args!("function:{name}"));
            FunctionConfiguration::custom(row, arn)
        });
        Ok(ListFunctionsOutput {
            functions: Some(functions.collect()),
            next_marker,
        })
    }
}
