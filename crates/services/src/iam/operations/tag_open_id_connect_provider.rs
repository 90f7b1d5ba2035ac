use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Iam, Result,
        providers::OidcRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::OidcProviders,
};

/// Sets tags of an OpenID Connect provider.
///
/// Source: IAM API Reference, TagOpenIDConnectProvider.
pub struct TagOpenIDConnectProvider;

/// What is asked.
#[derive(Input)]
pub struct TagOpenIDConnectProviderInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Vec<Tag>,
}

impl Operation for TagOpenIDConnectProvider {
    const NAME: &'static str = "TagOpenIDConnectProvider";
    const ACTION: &'static str = "iam:TagOpenIDConnectProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = TagOpenIDConnectProviderInput;
    type Output = Nothing;
    type Target = OidcRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<OidcRef> {
        OidcRef::resolve(cx, &input.open_id_connect_provider_arn).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<OidcRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut provider) = target.into_inner().found()?;
        tags::set(&mut provider.tags, tags::checked(input.tags)?)?;
        cx.tx.put::<OidcProviders>(&key, &provider)?;
        Ok(Nothing)
    }
}
