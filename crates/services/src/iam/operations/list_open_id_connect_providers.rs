use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, names, place::Place, rows},
    operation::Operation,
    shape::{Input, Output},
    tables::OidcProviders,
};

/// Lists the account's OpenID Connect providers.
///
/// Source: IAM API Reference, ListOpenIDConnectProviders.
pub struct ListOpenIDConnectProviders;

/// What is asked.
#[derive(Input)]
pub struct ListOpenIDConnectProvidersInput {}

/// The list.
#[derive(Output)]
pub struct ListOpenIDConnectProvidersOutput {
    /// The providers.
    #[shape(name = "OpenIDConnectProviderList")]
    pub open_id_connect_provider_list: Option<Vec<OpenIdConnectProviderListEntry>>,
}

/// A provider in a list.
#[derive(Output)]
pub struct OpenIdConnectProviderListEntry {
    /// Its ARN.
    pub arn: Option<Arn>,
}

impl Operation for ListOpenIDConnectProviders {
    const NAME: &'static str = "ListOpenIDConnectProviders";
    const ACTION: &'static str = "iam:ListOpenIDConnectProviders";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListOpenIDConnectProvidersInput;
    type Output = ListOpenIDConnectProvidersOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::listing(cx, "oidc-provider", None))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = rows::all::<OidcProviders>(cx).await?;
        let entries = found.iter().map(|provider| OpenIdConnectProviderListEntry {
            arn: Some(names::own_arn(
                cx,
                "oidc-provider",
                names::ROOT,
                &provider.url,
            )),
        });
        Ok(ListOpenIDConnectProvidersOutput {
            open_id_connect_provider_list: Some(entries.collect()),
        })
    }
}
