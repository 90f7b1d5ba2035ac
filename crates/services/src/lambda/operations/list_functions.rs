use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    lambda::{Error, Lambda, Result, configuration::FunctionConfiguration},
    operation::Operation,
    protocol::{Http, Member},
    shape::{Input, Output},
    tables::{FunctionVersions, Functions},
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
    /// `ALL` for every version that was published too.
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
    const EVENT: &'static str = "ListFunctions20150331";
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
        if input.master_region.is_some() {
            return Err(Error::InvalidParameterValue(
                "MasterRegion isn't supported.".into(),
            ));
        }
        let all = match input.function_version.as_deref() {
            None => false,
            Some("ALL") => true,
            Some(_) => {
                return Err(Error::InvalidParameterValue(
                    "FunctionVersion must be ALL.".into(),
                ));
            }
        };
        let most = page_size(input.max_items);
        let mut found = if all {
            every_version(cx, input.marker, most + 1).await?
        } else {
            latest(cx, input.marker, most + 1).await?
        };
        let more = found.len() > most;
        found.truncate(most);
        let last = found.last().filter(|_| more);
        Ok(ListFunctionsOutput {
            next_marker: last.map(|(marker, _)| marker.clone()),
            functions: Some(found.into_iter().map(|(_, function)| function).collect()),
        })
    }
}

/// How many there are on a page.
pub(super) fn page_size(max_items: Option<i64>) -> usize {
    let most = max_items.and_then(|most| usize::try_from(most).ok());
    most.unwrap_or(PAGE).min(PAGE)
}

/// Functions, each with the marker of a page that ends with it.
type Marked = Vec<(String, FunctionConfiguration)>;

/// Functions after the marker, a name.
async fn latest(cx: &mut Context<'_>, marker: Option<String>, most: usize) -> Result<Marked> {
    let home = cx.home();
    let (account, region) = (home.account, home.region);
    let after = marker.map(|marker| (account, region, marker));
    let rows = cx
        .tx
        .range::<Functions>((account, region), after.as_ref(), most);
    let marked = rows.await?.into_iter().map(|((.., name), row)| {
        let arn = home.arn("lambda", format_args!("function:{name}"));
        (name, FunctionConfiguration::custom(&row, arn))
    });
    Ok(marked.collect())
}

/// Versions of all functions after the marker, a name and a version. Each
/// function's `$LATEST` comes before what it published.
async fn every_version(
    cx: &mut Context<'_>,
    marker: Option<String>,
    most: usize,
) -> Result<Marked> {
    let home = cx.home();
    let place = (home.account, home.region);
    let mut found = Marked::new();
    let mut after = None;
    if let Some(marker) = marker {
        let (name, number) = marker.split_once(':').unwrap_or((&marker, "0"));
        let number = number.parse().unwrap_or(0);
        versions_of(cx, name, number, most, &mut found).await?;
        after = Some((home.account, home.region, name.to_owned()));
    }
    while found.len() < most {
        let rows = cx.tx.range::<Functions>(place, after.as_ref(), 1).await?;
        let Some((key, row)) = rows.into_iter().next() else {
            break;
        };
        let arn = home.arn("lambda", format_args!("function:{}:$LATEST", row.name));
        let marker = format!("{}:0", row.name);
        found.push((marker, FunctionConfiguration::custom(&row, arn)));
        versions_of(cx, &row.name, 0, most, &mut found).await?;
        after = Some(key);
    }
    Ok(found)
}

/// Adds versions of one function until there are as many as wanted.
async fn versions_of(
    cx: &mut Context<'_>,
    name: &str,
    after: u64,
    most: usize,
    found: &mut Marked,
) -> Result<()> {
    let home = cx.home();
    let place = (home.account, home.region, name.to_owned());
    let after = (home.account, home.region, name.to_owned(), after);
    let wanted = most.saturating_sub(found.len());
    let rows = cx.tx.range::<FunctionVersions>(place, Some(&after), wanted);
    for ((.., number), row) in rows.await? {
        let arn = home.arn("lambda", format_args!("function:{name}:{number}"));
        let marker = format!("{name}:{number}");
        found.push((marker, FunctionConfiguration::custom(&row, arn)));
    }
    Ok(())
}
