use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, providers::OidcRef, tags},
    operation::Operation,
    shape::{Input, Nothing},
    tables::OidcProviders,
};

/// Removes tags from an OpenID Connect provider. Those that are not there make no
/// difference.
///
/// Source: IAM API Reference, UntagOpenIDConnectProvider.
pub struct UntagOpenIDConnectProvider;

/// What is asked.
#[derive(Input)]
pub struct UntagOpenIDConnectProviderInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
    /// Keys of the tags, in any case.
    #[shape(length(0, 50), each(length(1, 128)))]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagOpenIDConnectProvider {
    const NAME: &'static str = "UntagOpenIDConnectProvider";
    const ACTION: &'static str = "iam:UntagOpenIDConnectProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UntagOpenIDConnectProviderInput;
    type Output = Nothing;
    type Target = OidcRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<OidcRef> {
        OidcRef::resolve(cx, &input.open_id_connect_provider_arn).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<OidcRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut provider) = target.into_inner().found()?;
        tags::remove(&mut provider.tags, &input.tag_keys);
        cx.tx.put::<OidcProviders>(&key, &provider)?;
        Ok(Nothing)
    }
}
