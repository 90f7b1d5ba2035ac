use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        pages::page,
        tags::{self, Tag},
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists a user's tags.
///
/// Source: IAM API Reference, ListUserTags.
pub struct ListUserTags;

/// What is asked.
#[derive(Input)]
pub struct ListUserTagsInput {
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
pub struct ListUserTagsOutput {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListUserTags {
    const NAME: &'static str = "ListUserTags";
    const ACTION: &'static str = "iam:ListUserTags";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListUserTagsInput;
    type Output = ListUserTagsOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        Ok(UserRef::resolve(cx, &input.user_name).await?.shown_by_arn())
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let tags = tags::answered(&target.into_inner().found()?.tags);
        let rank = |tag: &Tag| tag.key.to_lowercase();
        let page = page(tags, rank, input.marker.as_deref(), input.max_items)?;
        Ok(ListUserTagsOutput {
            tags: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
