use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        pages::page,
        providers::SamlRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the tags of a SAML provider.
///
/// Source: IAM API Reference, ListSAMLProviderTags.
pub struct ListSAMLProviderTags;

/// What is asked.
#[derive(Input)]
pub struct ListSAMLProviderTagsInput {
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn", length(20, 2048))]
    pub saml_provider_arn: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListSAMLProviderTagsOutput {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListSAMLProviderTags {
    const NAME: &'static str = "ListSAMLProviderTags";
    const ACTION: &'static str = "iam:ListSAMLProviderTags";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "ServiceFailureException",
        "InvalidInputException",
    ];
    type Service = Iam;
    type Input = ListSAMLProviderTagsInput;
    type Output = ListSAMLProviderTagsOutput;
    type Target = SamlRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SamlRef> {
        SamlRef::resolve(cx, &input.saml_provider_arn).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<SamlRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let tags = tags::answered(&target.into_inner().found()?.1.tags);
        let rank = |tag: &Tag| tag.key.to_lowercase();
        let page = page(tags, rank, input.marker.as_deref(), input.max_items)?;
        Ok(ListSAMLProviderTagsOutput {
            tags: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
