use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        providers::{self, OidcRef},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::OidcProviders,
};

/// Replaces the thumbprints of certificates that are trusted.
///
/// Source: IAM API Reference, UpdateOpenIDConnectProviderThumbprint.
pub struct UpdateOpenIDConnectProviderThumbprint;

/// What is asked.
#[derive(Input)]
pub struct UpdateOpenIDConnectProviderThumbprintInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
    /// SHA-1 of certificates that are trusted, up to five. Without any the
    /// certificate authorities that are trusted anyway are.
    #[shape(each(length(40, 40)))]
    pub thumbprint_list: Vec<String>,
}

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    const NAME: &'static str = "UpdateOpenIDConnectProviderThumbprint";
    const ACTION: &'static str = "iam:UpdateOpenIDConnectProviderThumbprint";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ConcurrentModificationException",
        "InvalidInputException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UpdateOpenIDConnectProviderThumbprintInput;
    type Output = Nothing;
    type Target = OidcRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<OidcRef> {
        OidcRef::resolve(cx, &input.open_id_connect_provider_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<OidcRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut provider) = target.into_inner().found()?;
        provider.thumbprints = providers::checked_thumbprints(input.thumbprint_list)?;
        cx.tx.put::<OidcProviders>(&key, &provider)?;
        Ok(Nothing)
    }
}
