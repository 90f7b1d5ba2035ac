use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, providers::OidcRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::OidcProviders,
};

/// Removes an audience. One that is not there makes no difference.
///
/// Source: IAM API Reference, RemoveClientIDFromOpenIDConnectProvider.
pub struct RemoveClientIDFromOpenIDConnectProvider;

/// What is asked.
#[derive(Input)]
pub struct RemoveClientIDFromOpenIDConnectProviderInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
    /// An audience.
    #[shape(name = "ClientID", length(1, 255))]
    pub client_id: String,
}

impl Operation for RemoveClientIDFromOpenIDConnectProvider {
    const NAME: &'static str = "RemoveClientIDFromOpenIDConnectProvider";
    const ACTION: &'static str = "iam:RemoveClientIDFromOpenIDConnectProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ConcurrentModificationException",
        "InvalidInputException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = RemoveClientIDFromOpenIDConnectProviderInput;
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
        provider
            .client_ids
            .retain(|known| *known != input.client_id);
        cx.tx.put::<OidcProviders>(&key, &provider)?;
        Ok(Nothing)
    }
}
