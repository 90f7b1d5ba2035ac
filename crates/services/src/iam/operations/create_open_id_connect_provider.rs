use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result, names,
        place::Place,
        providers::{self, MAX_PROVIDERS},
        record, rows,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
    tables::OidcProviders,
};

/// Registers an OpenID Connect provider, whose tokens roles may then trust.
///
/// Source: IAM API Reference, CreateOpenIDConnectProvider.
pub struct CreateOpenIDConnectProvider;

/// What is asked.
#[derive(Input)]
pub struct CreateOpenIDConnectProviderInput {
    /// The issuer: an `https` URL of up to 255 characters.
    #[shape(length(1, 255))]
    pub url: String,
    /// Audiences that are accepted, up to 100.
    #[shape(name = "ClientIDList", each(length(1, 255)))]
    pub client_id_list: Option<Vec<String>>,
    /// SHA-1 of certificates that are trusted, up to five. Without any the
    /// certificate authorities that are trusted anyway are.
    #[shape(each(length(40, 40)))]
    pub thumbprint_list: Option<Vec<String>>,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
}

/// The new provider.
#[derive(Output)]
pub struct CreateOpenIDConnectProviderOutput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: Option<Arn>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

impl Operation for CreateOpenIDConnectProvider {
    const NAME: &'static str = "CreateOpenIDConnectProvider";
    const ACTION: &'static str = "iam:CreateOpenIDConnectProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidInputException",
        "EntityAlreadyExistsException",
        "LimitExceededException",
        "ConcurrentModificationException",
        "ServiceFailureException",
        "OpenIdIdpCommunicationErrorException",
    ];
    type Service = Iam;
    type Input = CreateOpenIDConnectProviderInput;
    type Output = CreateOpenIDConnectProviderOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        let url = input.url.strip_prefix("https://").unwrap_or(&input.url);
        Ok(Place::new(cx, "oidc-provider", None, url))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        match &input.tags {
            Some(tags) if !tags.is_empty() => &["iam:TagOpenIDConnectProvider"],
            _ => &[],
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let url = providers::checked_url(&input.url)?.to_owned();
        let key = (cx.request.caller.account, url);
        if cx.tx.get::<OidcProviders>(&key).await?.is_some() {
            let text = format!("Provider with url {} already exists.", input.url);
            return Err(Error::EntityAlreadyExists(text.into()));
        }
        let mut provider = record::OidcProvider {
            url: key.1.clone(),
            client_ids: providers::checked_client_ids(input.client_id_list.unwrap_or_default())?,
            thumbprints: providers::checked_thumbprints(input.thumbprint_list.unwrap_or_default())?,
            created_ms: cx.now.as_millisecond(),
            tags: Vec::new(),
        };
        let given = tags::checked(input.tags.unwrap_or_default())?;
        tags::set(&mut provider.tags, given)?;
        rows::room::<OidcProviders>(cx, "OpenIdConnectProvidersPerAccount", MAX_PROVIDERS).await?;
        cx.tx.put::<OidcProviders>(&key, &provider)?;
        Ok(CreateOpenIDConnectProviderOutput {
            open_id_connect_provider_arn: Some(names::own_arn(
                cx,
                "oidc-provider",
                names::ROOT,
                &key.1,
            )),
            tags: tags::answered_some(&provider.tags),
        })
    }
}
