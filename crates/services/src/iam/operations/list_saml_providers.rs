use strongroom_store::Mode;
use strongroom_types::{Arn, Timestamp};

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, names, place::Place, rows, saml},
    operation::Operation,
    shape::{Input, Output},
    tables::SamlProviders,
};

/// Lists the account's SAML providers.
///
/// Source: IAM API Reference, ListSAMLProviders.
pub struct ListSAMLProviders;

/// What is asked.
#[derive(Input)]
pub struct ListSAMLProvidersInput {}

/// The list.
#[derive(Output)]
pub struct ListSAMLProvidersOutput {
    /// The providers.
    #[shape(name = "SAMLProviderList")]
    pub saml_provider_list: Option<Vec<SamlProviderListEntry>>,
}

/// A provider in a list.
#[derive(Output)]
pub struct SamlProviderListEntry {
    /// Its ARN.
    pub arn: Option<Arn>,
    /// When its metadata stops being valid.
    pub valid_until: Option<Timestamp>,
    /// When it was registered.
    pub create_date: Option<Timestamp>,
}

impl Operation for ListSAMLProviders {
    const NAME: &'static str = "ListSAMLProviders";
    const ACTION: &'static str = "iam:ListSAMLProviders";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListSAMLProvidersInput;
    type Output = ListSAMLProvidersOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::listing(cx, "saml-provider", None))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = rows::all::<SamlProviders>(cx).await?;
        let entries = found.iter().map(|provider| SamlProviderListEntry {
            arn: Some(names::own_arn(
                cx,
                "saml-provider",
                names::ROOT,
                &provider.name,
            )),
            valid_until: saml::valid_until(provider),
            create_date: Timestamp::from_millisecond(provider.created_ms).ok(),
        });
        Ok(ListSAMLProvidersOutput {
            saml_provider_list: Some(entries.collect()),
        })
    }
}
