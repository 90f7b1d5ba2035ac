use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        providers::OidcRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Returns an OpenID Connect provider.
///
/// Source: IAM API Reference, GetOpenIDConnectProvider.
pub struct GetOpenIDConnectProvider;

/// What is asked.
#[derive(Input)]
pub struct GetOpenIDConnectProviderInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
}

/// The provider.
#[derive(Output)]
pub struct GetOpenIDConnectProviderOutput {
    /// The issuer, without its scheme.
    pub url: Option<String>,
    /// Audiences that are accepted.
    #[shape(name = "ClientIDList")]
    pub client_id_list: Option<Vec<String>>,
    /// SHA-1 of certificates that are trusted.
    pub thumbprint_list: Option<Vec<String>>,
    /// When it was registered.
    pub create_date: Option<Timestamp>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

impl Operation for GetOpenIDConnectProvider {
    const NAME: &'static str = "GetOpenIDConnectProvider";
    const ACTION: &'static str = "iam:GetOpenIDConnectProvider";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidInputException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = GetOpenIDConnectProviderInput;
    type Output = GetOpenIDConnectProviderOutput;
    type Target = OidcRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<OidcRef> {
        OidcRef::resolve(cx, &input.open_id_connect_provider_arn).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<OidcRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let (_, provider) = target.into_inner().found()?;
        Ok(GetOpenIDConnectProviderOutput {
            create_date: Timestamp::from_millisecond(provider.created_ms).ok(),
            tags: tags::answered_some(&provider.tags),
            url: Some(provider.url),
            client_id_list: Some(provider.client_ids),
            thumbprint_list: Some(provider.thumbprints),
        })
    }
}
