use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    lambda::{
        Error, Lambda, Result, configuration::FunctionConfiguration, function::FunctionRef,
        versions,
    },
    operation::Operation,
    protocol::{Http, Member},
    shape::{Input, Output},
};

/// Functions of one answer, at most.
const PAGE: usize = 50;

/// Lists the functions that users made and those that are endpoints. Those
/// that are built in are not among them.
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
        let marker = input.marker.as_deref();
        let mut found = if all {
            every_version(cx, marker, most + 1).await?
        } else {
            latest(cx, marker, most + 1).await?
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
async fn latest(cx: &mut Context<'_>, marker: Option<&str>, most: usize) -> Result<Marked> {
    let functions = FunctionRef::after(cx, marker, most).await?;
    let marked = functions.into_iter().filter_map(|function| {
        let configuration = FunctionConfiguration::of(&function)?;
        Some((function.name, configuration))
    });
    Ok(marked.collect())
}

/// Versions of all functions after the marker, a name and a version. Each
/// function's `$LATEST` comes before what it published.
async fn every_version(cx: &mut Context<'_>, marker: Option<&str>, most: usize) -> Result<Marked> {
    let mut found = Marked::new();
    let mut after = None;
    if let Some(marker) = marker {
        let (name, number) = marker.split_once(':').unwrap_or((marker, "0"));
        let number = number.parse().unwrap_or(0);
        let function = FunctionRef::named(cx, name, None).await?;
        published(cx, &function, number, most, &mut found).await?;
        after = Some(function.name);
    }
    while found.len() < most {
        let functions = FunctionRef::after(cx, after.as_deref(), 1).await?;
        let Some(function) = functions.into_iter().next() else {
            break;
        };
        if let Some(latest) = FunctionConfiguration::latest(&function) {
            found.push((format!("{}:0", function.name), latest));
        }
        published(cx, &function, 0, most, &mut found).await?;
        after = Some(function.name);
    }
    Ok(found)
}

/// Adds versions of one function until there are as many as wanted.
async fn published(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    after: u64,
    most: usize,
    found: &mut Marked,
) -> Result<()> {
    let wanted = most.saturating_sub(found.len());
    for row in versions::after(cx, function, after, wanted).await? {
        let marker = format!("{}:{}", function.name, row.version);
        found.push((marker, FunctionConfiguration::version(function, &row)));
    }
    Ok(())
}
