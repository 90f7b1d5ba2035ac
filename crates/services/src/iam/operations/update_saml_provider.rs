use strongroom_store::Mode;
use strongroom_types::{Arn, Sensitive};

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        providers::SamlRef,
        saml::{self, AssertionEncryptionMode},
    },
    operation::Operation,
    shape::{Input, Output},
    tables::SamlProviders,
};

/// Replaces the metadata of a SAML provider, and how its assertions are encrypted.
///
/// Source: IAM API Reference, UpdateSAMLProvider.
pub struct UpdateSAMLProvider;

/// What is asked.
#[derive(Input)]
pub struct UpdateSAMLProviderInput {
    /// The metadata document, up to 10,000,000 characters.
    #[shape(name = "SAMLMetadataDocument", length(1000, 10000000), unrecorded)]
    pub saml_metadata_document: Option<String>,
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn", length(20, 2048))]
    pub saml_provider_arn: String,
    /// Whether assertions must be encrypted.
    pub assertion_encryption_mode: Option<AssertionEncryptionMode>,
    /// A private key in PEM, to decrypt assertions with.
    #[shape(length(1, 16384), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub add_private_key: Option<Sensitive<String>>,
    /// The id of a private key that is no longer used.
    #[shape(length(22, 64), pattern(r"[A-Z0-9]+"))]
    pub remove_private_key: Option<String>,
}

/// The provider.
#[derive(Output)]
pub struct UpdateSAMLProviderOutput {
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn")]
    pub saml_provider_arn: Option<Arn>,
}

impl Operation for UpdateSAMLProvider {
    const NAME: &'static str = "UpdateSAMLProvider";
    const ACTION: &'static str = "iam:UpdateSAMLProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "LimitExceededException",
        "ServiceFailureException",
        "ConcurrentModificationException",
    ];
    type Service = Iam;
    type Input = UpdateSAMLProviderInput;
    type Output = UpdateSAMLProviderOutput;
    type Target = SamlRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SamlRef> {
        SamlRef::resolve(cx, &input.saml_provider_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<SamlRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let arn = target.arn.clone();
        let (key, mut provider) = target.into_inner().found()?;
        if let Some(document) = input.saml_metadata_document {
            let metadata = saml::Metadata::read(&document)?;
            provider.valid_until_ms = metadata.valid_until_ms;
            provider.metadata = document;
        }
        if let Some(id) = &input.remove_private_key {
            saml::remove_private_key(&mut provider, id)?;
        }
        saml::set_encryption(
            &mut provider,
            input.assertion_encryption_mode,
            input.add_private_key,
            cx.services.random.as_ref(),
            cx.now,
        )?;
        cx.tx.put::<SamlProviders>(&key, &provider)?;
        Ok(UpdateSAMLProviderOutput {
            saml_provider_arn: Some(arn),
        })
    }
}
