use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        instance_profiles::ProfileRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists an instance profile's tags.
///
/// Source: IAM API Reference, ListInstanceProfileTags.
pub struct ListInstanceProfileTags;

/// What is asked.
#[derive(Input)]
pub struct ListInstanceProfileTagsInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListInstanceProfileTagsOutput {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListInstanceProfileTags {
    const NAME: &'static str = "ListInstanceProfileTags";
    const ACTION: &'static str = "iam:ListInstanceProfileTags";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListInstanceProfileTagsInput;
    type Output = ListInstanceProfileTagsOutput;
    type Target = ProfileRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<ProfileRef> {
        Ok(ProfileRef::resolve(cx, &input.instance_profile_name)
            .await?
            .shown_by_arn())
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<ProfileRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (_, profile) = target.into_inner().found()?;
        let page = tags::page(&profile.tags, input.marker.as_deref(), input.max_items)?;
        Ok(ListInstanceProfileTagsOutput {
            tags: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
