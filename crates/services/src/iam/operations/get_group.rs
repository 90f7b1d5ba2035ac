use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        answers::{Group, User},
        groups::{self, GroupRef},
        pages::page,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::Users,
};

/// Returns a group and its users.
///
/// Source: IAM API Reference, GetGroup.
pub struct GetGroup;

/// What is asked.
#[derive(Input)]
pub struct GetGroupInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// The group and one page of its users.
#[derive(Output)]
pub struct GetGroupOutput {
    /// The group.
    pub group: Group,
    /// Its users, by name.
    pub users: Vec<User>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for GetGroup {
    const NAME: &'static str = "GetGroup";
    const ACTION: &'static str = "iam:GetGroup";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetGroupInput;
    type Output = GetGroupOutput;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.key.clone();
        let group = target.into_inner().found()?;
        let members = groups::members(cx, &key).await?;
        let marker = input.marker.as_deref();
        let page = page(members, String::clone, marker, input.max_items)?;
        let mut users = Vec::with_capacity(page.items.len());
        for name in page.items {
            if let Some(user) = cx.tx.get::<Users>(&(key.0, name)).await? {
                users.push(User::listed(cx, &user));
            }
        }
        Ok(GetGroupOutput {
            group: Group::of(cx, &group),
            users,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
