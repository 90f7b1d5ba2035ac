use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::Group, names, pages::page, place::Place, record, rows},
    operation::Operation,
    shape::{Input, Output},
    tables::Groups,
};

/// Lists the account's groups under a path.
///
/// Source: IAM API Reference, ListGroups.
pub struct ListGroups;

/// What is asked.
#[derive(Input)]
pub struct ListGroupsInput {
    /// Only what is under this path; `/` when absent.
    #[shape(length(1, 512), pattern(r"\u002F[\u0021-\u007F]*"))]
    pub path_prefix: Option<String>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListGroupsOutput {
    /// The groups, by name.
    pub groups: Vec<Group>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListGroups {
    const NAME: &'static str = "ListGroups";
    const ACTION: &'static str = "iam:ListGroups";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListGroupsInput;
    type Output = ListGroupsOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::listing(cx, "group", input.path_prefix.as_deref()))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let prefix = input.path_prefix.as_deref().unwrap_or(names::ROOT);
        let mut groups = rows::all::<Groups>(cx).await?;
        groups.retain(|group| group.path.starts_with(prefix));
        let rank = |group: &record::Group| group.name.to_lowercase();
        let page = page(groups, rank, input.marker.as_deref(), input.max_items)?;
        let groups = page.items.iter().map(|group| Group::of(cx, group));
        Ok(ListGroupsOutput {
            groups: groups.collect(),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
