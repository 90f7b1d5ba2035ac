use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        pages::page,
        providers::OidcRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the tags of an OpenID Connect provider.
///
/// Source: IAM API Reference, ListOpenIDConnectProviderTags.
pub struct ListOpenIDConnectProviderTags;

/// What is asked.
#[derive(Input)]
pub struct ListOpenIDConnectProviderTagsInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListOpenIDConnectProviderTagsOutput {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListOpenIDConnectProviderTags {
    const NAME: &'static str = "ListOpenIDConnectProviderTags";
    const ACTION: &'static str = "iam:ListOpenIDConnectProviderTags";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "ServiceFailureException",
        "InvalidInputException",
    ];
    type Service = Iam;
    type Input = ListOpenIDConnectProviderTagsInput;
    type Output = ListOpenIDConnectProviderTagsOutput;
    type Target = OidcRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<OidcRef> {
        OidcRef::resolve(cx, &input.open_id_connect_provider_arn).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<OidcRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let tags = tags::answered(&target.into_inner().found()?.1.tags);
        let rank = |tag: &Tag| tag.key.to_lowercase();
        let page = page(tags, rank, input.marker.as_deref(), input.max_items)?;
        Ok(ListOpenIDConnectProviderTagsOutput {
            tags: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
