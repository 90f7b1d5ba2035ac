use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::User, names, pages::page, place::Place, record, rows},
    operation::Operation,
    shape::{Input, Output},
    tables::Users,
};

/// Lists the account's users under a path. Tags and boundaries are not in the list.
///
/// Source: IAM API Reference, ListUsers.
pub struct ListUsers;

/// What is asked.
#[derive(Input)]
pub struct ListUsersInput {
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
pub struct ListUsersOutput {
    /// The users, by name.
    pub users: Vec<User>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListUsers {
    const NAME: &'static str = "ListUsers";
    const ACTION: &'static str = "iam:ListUsers";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListUsersInput;
    type Output = ListUsersOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::listing(cx, "user", input.path_prefix.as_deref()))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let prefix = input.path_prefix.as_deref().unwrap_or(names::ROOT);
        let mut users = rows::all::<Users>(cx).await?;
        users.retain(|user| user.path.starts_with(prefix));
        let rank = |user: &record::User| user.name.to_lowercase();
        let page = page(users, rank, input.marker.as_deref(), input.max_items)?;
        let users = page.items.iter().map(|user| User::listed(cx, user));
        Ok(ListUsersOutput {
            users: users.collect(),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
