use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        roles::RoleRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists a role's tags.
///
/// Source: IAM API Reference, ListRoleTags.
pub struct ListRoleTags;

/// What is asked.
#[derive(Input)]
pub struct ListRoleTagsInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListRoleTagsOutput {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListRoleTags {
    const NAME: &'static str = "ListRoleTags";
    const ACTION: &'static str = "iam:ListRoleTags";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListRoleTagsInput;
    type Output = ListRoleTagsOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        Ok(RoleRef::resolve(cx, &input.role_name).await?.shown_by_arn())
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let role = target.into_inner().found()?;
        let page = tags::page(&role.tags, input.marker.as_deref(), input.max_items)?;
        Ok(ListRoleTagsOutput {
            tags: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
