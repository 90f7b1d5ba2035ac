use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, arguments::Tag, error::Result, pages::Page, target::KeyRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the tags of a key.
///
/// Source: KMS API Reference, ListResourceTags.
pub struct ListResourceTags;

/// What is asked.
#[derive(Input)]
pub struct ListResourceTagsInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ListResourceTagsOutput {
    /// Up to 50.
    pub tags: Option<Vec<Tag>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

impl Operation for ListResourceTags {
    const NAME: &'static str = "ListResourceTags";
    const ACTION: &'static str = "kms:ListResourceTags";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "KMSInternalException",
        "NotFoundException",
        "InvalidArnException",
        "InvalidMarkerException",
    ];
    type Service = Kms;
    type Input = ListResourceTagsInput;
    type Output = ListResourceTagsOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        let key_id = found.key.arn.to_string();
        let narrowed = [Some(key_id.as_str())];
        let marker = input.marker.as_deref();
        let page = Page::of(cx, Self::NAME, &narrowed, input.limit, 50, marker)?;
        let mut tags: Vec<Tag> = found.key.row.tags.iter().map(Tag::from).collect();
        tags.sort_by(|a, b| a.tag_key.cmp(&b.tag_key));
        tags.retain(|tag| page.after.as_ref().is_none_or(|after| tag.tag_key > *after));
        let next = page.cut(cx, &mut tags, |tag| tag.tag_key.clone());
        Ok(ListResourceTagsOutput {
            tags: Some(tags),
            truncated: Some(next.is_some()),
            next_marker: next,
        })
    }
}
