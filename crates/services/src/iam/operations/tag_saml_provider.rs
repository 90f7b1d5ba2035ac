use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Iam, Result,
        providers::SamlRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::SamlProviders,
};

/// Sets tags of a SAML provider.
///
/// Source: IAM API Reference, TagSAMLProvider.
pub struct TagSAMLProvider;

/// What is asked.
#[derive(Input)]
pub struct TagSAMLProviderInput {
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn", length(20, 2048))]
    pub saml_provider_arn: String,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Vec<Tag>,
}

impl Operation for TagSAMLProvider {
    const NAME: &'static str = "TagSAMLProvider";
    const ACTION: &'static str = "iam:TagSAMLProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = TagSAMLProviderInput;
    type Output = Nothing;
    type Target = SamlRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SamlRef> {
        SamlRef::resolve(cx, &input.saml_provider_arn).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<SamlRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut provider) = target.into_inner().found()?;
        tags::set(&mut provider.tags, tags::checked(input.tags)?)?;
        cx.tx.put::<SamlProviders>(&key, &provider)?;
        Ok(Nothing)
    }
}
