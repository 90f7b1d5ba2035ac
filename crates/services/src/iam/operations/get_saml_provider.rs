use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        providers::SamlRef,
        saml::{self, SamlPrivateKey},
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a SAML provider.
///
/// Source: IAM API Reference, GetSAMLProvider.
pub struct GetSAMLProvider;

/// What is asked.
#[derive(Input)]
pub struct GetSAMLProviderInput {
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn", length(20, 2048))]
    pub saml_provider_arn: String,
}

/// The provider.
#[derive(Output)]
pub struct GetSAMLProviderOutput {
    /// The unique id.
    #[shape(name = "SAMLProviderUUID")]
    pub saml_provider_uuid: Option<String>,
    /// The metadata document.
    #[shape(name = "SAMLMetadataDocument")]
    pub saml_metadata_document: Option<String>,
    /// When it was registered.
    pub create_date: Option<Timestamp>,
    /// When the metadata stops being valid.
    pub valid_until: Option<Timestamp>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
    /// Whether assertions must be encrypted.
    pub assertion_encryption_mode: Option<String>,
    /// The keys that decrypt assertions, without their secret halves.
    pub private_key_list: Option<Vec<SamlPrivateKey>>,
}

impl Operation for GetSAMLProvider {
    const NAME: &'static str = "GetSAMLProvider";
    const ACTION: &'static str = "iam:GetSAMLProvider";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = GetSAMLProviderInput;
    type Output = GetSAMLProviderOutput;
    type Target = SamlRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SamlRef> {
        SamlRef::resolve(cx, &input.saml_provider_arn).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<SamlRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let (_, provider) = target.into_inner().found()?;
        let keys = provider.private_keys.iter().map(|key| SamlPrivateKey {
            key_id: Some(key.id.clone()),
            timestamp: Timestamp::from_millisecond(key.created_ms).ok(),
        });
        Ok(GetSAMLProviderOutput {
            private_key_list: (!provider.private_keys.is_empty()).then(|| keys.collect()),
            saml_provider_uuid: Some(provider.id.clone()),
            create_date: Timestamp::from_millisecond(provider.created_ms).ok(),
            valid_until: saml::valid_until(&provider),
            tags: tags::answered_some(&provider.tags),
            assertion_encryption_mode: provider
                .encryption_mode()
                .map(|mode| mode.as_str().to_owned()),
            saml_metadata_document: Some(provider.metadata.clone()),
        })
    }
}
