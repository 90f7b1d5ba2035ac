use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, providers::SamlRef, tags},
    operation::Operation,
    shape::{Input, Nothing},
    tables::SamlProviders,
};

/// Removes tags from a SAML provider. Those that are not there make no
/// difference.
///
/// Source: IAM API Reference, UntagSAMLProvider.
pub struct UntagSAMLProvider;

/// What is asked.
#[derive(Input)]
pub struct UntagSAMLProviderInput {
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn", length(20, 2048))]
    pub saml_provider_arn: String,
    /// Keys of the tags, in any case.
    #[shape(length(0, 50), each(length(1, 128)))]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagSAMLProvider {
    const NAME: &'static str = "UntagSAMLProvider";
    const ACTION: &'static str = "iam:UntagSAMLProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UntagSAMLProviderInput;
    type Output = Nothing;
    type Target = SamlRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SamlRef> {
        SamlRef::resolve(cx, &input.saml_provider_arn).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<SamlRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut provider) = target.into_inner().found()?;
        tags::remove(&mut provider.tags, &input.tag_keys);
        cx.tx.put::<SamlProviders>(&key, &provider)?;
        Ok(Nothing)
    }
}
