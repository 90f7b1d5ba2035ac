use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::Group, pages::page, users::UserRef},
    operation::Operation,
    shape::{Input, Output},
    tables::Groups,
};

/// Lists the groups that a user is in.
///
/// Source: IAM API Reference, ListGroupsForUser.
pub struct ListGroupsForUser;

/// What is asked.
#[derive(Input)]
pub struct ListGroupsForUserInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListGroupsForUserOutput {
    /// The groups, by name.
    pub groups: Vec<Group>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListGroupsForUser {
    const NAME: &'static str = "ListGroupsForUser";
    const ACTION: &'static str = "iam:ListGroupsForUser";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListGroupsForUserInput;
    type Output = ListGroupsForUserOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve(cx, &input.user_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let account = target.key.0;
        let names = target.into_inner().found()?.groups;
        let marker = input.marker.as_deref();
        let page = page(names, String::clone, marker, input.max_items)?;
        let mut groups = Vec::with_capacity(page.items.len());
        for name in page.items {
            if let Some(group) = cx.tx.get::<Groups>(&(account, name)).await? {
                groups.push(Group::of(cx, &group));
            }
        }
        Ok(ListGroupsForUserOutput {
            groups,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
