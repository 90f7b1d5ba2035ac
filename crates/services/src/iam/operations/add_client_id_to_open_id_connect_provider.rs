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

/// Adds an audience that is accepted. One that is there makes no difference.
///
/// Source: IAM API Reference, AddClientIDToOpenIDConnectProvider.
pub struct AddClientIDToOpenIDConnectProvider;

/// What is asked.
#[derive(Input)]
pub struct AddClientIDToOpenIDConnectProviderInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
    /// An audience.
    #[shape(name = "ClientID", length(1, 255))]
    pub client_id: String,
}

impl Operation for AddClientIDToOpenIDConnectProvider {
    const NAME: &'static str = "AddClientIDToOpenIDConnectProvider";
    const ACTION: &'static str = "iam:AddClientIDToOpenIDConnectProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ConcurrentModificationException",
        "InvalidInputException",
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = AddClientIDToOpenIDConnectProviderInput;
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
        provider.client_ids.push(input.client_id);
        provider.client_ids = providers::checked_client_ids(provider.client_ids)?;
        cx.tx.put::<OidcProviders>(&key, &provider)?;
        Ok(Nothing)
    }
}
