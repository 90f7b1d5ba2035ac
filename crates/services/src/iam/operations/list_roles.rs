use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::Role, names, pages::page, place::Place, record, rows},
    operation::Operation,
    shape::{Input, Output},
    tables::Roles,
};

/// Lists the account's roles under a path. Tags, boundaries and last uses are not in the list.
///
/// Source: IAM API Reference, ListRoles.
pub struct ListRoles;

/// What is asked.
#[derive(Input)]
pub struct ListRolesInput {
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
pub struct ListRolesOutput {
    /// The roles, by name.
    pub roles: Vec<Role>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListRoles {
    const NAME: &'static str = "ListRoles";
    const ACTION: &'static str = "iam:ListRoles";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListRolesInput;
    type Output = ListRolesOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::listing(cx, "role", input.path_prefix.as_deref()))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let prefix = input.path_prefix.as_deref().unwrap_or(names::ROOT);
        let mut roles = rows::all::<Roles>(cx).await?;
        roles.retain(|role| role.path.starts_with(prefix));
        let rank = |role: &record::Role| role.name.to_lowercase();
        let page = page(roles, rank, input.marker.as_deref(), input.max_items)?;
        let mut roles = Vec::with_capacity(page.items.len());
        for role in &page.items {
            roles.push(Role::listed(cx, role).await?);
        }
        Ok(ListRolesOutput {
            roles,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
