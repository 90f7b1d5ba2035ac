use strongroom_store::Mode;
use strongroom_types::{Arn, Sensitive};

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result, names,
        place::Place,
        providers::MAX_PROVIDERS,
        record, rows,
        saml::{self, AssertionEncryptionMode},
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
    tables::SamlProviders,
};

/// Registers a SAML provider, whose assertions roles may then trust.
///
/// Source: IAM API Reference, CreateSAMLProvider.
pub struct CreateSAMLProvider;

/// What is asked.
#[derive(Input)]
pub struct CreateSAMLProviderInput {
    /// The metadata document, up to 10,000,000 characters.
    #[shape(name = "SAMLMetadataDocument", length(1000, 10000000), unrecorded)]
    pub saml_metadata_document: String,
    /// The provider's name.
    #[shape(length(1, 128), pattern(r"[\w._-]+"))]
    pub name: String,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
    /// Whether assertions must be encrypted.
    pub assertion_encryption_mode: Option<AssertionEncryptionMode>,
    /// A private key in PEM, to decrypt assertions with.
    #[shape(length(1, 16384), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub add_private_key: Option<Sensitive<String>>,
}

/// The new provider.
#[derive(Output)]
pub struct CreateSAMLProviderOutput {
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn")]
    pub saml_provider_arn: Option<Arn>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

impl Operation for CreateSAMLProvider {
    const NAME: &'static str = "CreateSAMLProvider";
    const ACTION: &'static str = "iam:CreateSAMLProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidInputException",
        "EntityAlreadyExistsException",
        "LimitExceededException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateSAMLProviderInput;
    type Output = CreateSAMLProviderOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::new(cx, "saml-provider", None, &input.name))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        match &input.tags {
            Some(tags) if !tags.is_empty() => &["iam:TagSAMLProvider"],
            _ => &[],
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = (cx.request.caller.account, input.name);
        if cx.tx.get::<SamlProviders>(&key).await?.is_some() {
            let text = format!("SAML provider {} already exists.", key.1);
            return Err(Error::EntityAlreadyExists(text.into()));
        }
        let metadata = saml::Metadata::read(&input.saml_metadata_document)?;
        let random = cx.services.random.as_ref();
        let mut provider = record::SamlProvider {
            name: key.1.clone(),
            metadata: input.saml_metadata_document,
            created_ms: cx.now.as_millisecond(),
            valid_until_ms: metadata.valid_until_ms,
            id: saml::draw_id(random),
            ..record::SamlProvider::default()
        };
        saml::set_encryption(
            &mut provider,
            input.assertion_encryption_mode,
            input.add_private_key,
            random,
            cx.now,
        )?;
        let given = tags::checked(input.tags.unwrap_or_default())?;
        tags::set(&mut provider.tags, given)?;
        rows::room::<SamlProviders>(cx, "SAMLProvidersPerAccount", MAX_PROVIDERS).await?;
        cx.tx.put::<SamlProviders>(&key, &provider)?;
        Ok(CreateSAMLProviderOutput {
            saml_provider_arn: Some(names::own_arn(cx, "saml-provider", names::ROOT, &key.1)),
            tags: tags::answered_some(&provider.tags),
        })
    }
}
