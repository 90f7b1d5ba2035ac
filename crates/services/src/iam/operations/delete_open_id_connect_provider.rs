use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, providers::OidcRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::OidcProviders,
};

/// Deletes an OpenID Connect provider; one that is not there makes no difference.
/// Roles that trust it can no longer be assumed by its tokens.
///
/// Source: IAM API Reference, DeleteOpenIDConnectProvider.
pub struct DeleteOpenIDConnectProvider;

/// What is asked.
#[derive(Input)]
pub struct DeleteOpenIDConnectProviderInput {
    /// The provider's ARN.
    #[shape(name = "OpenIDConnectProviderArn", length(20, 2048))]
    pub open_id_connect_provider_arn: String,
}

impl Operation for DeleteOpenIDConnectProvider {
    const NAME: &'static str = "DeleteOpenIDConnectProvider";
    const ACTION: &'static str = "iam:DeleteOpenIDConnectProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidInputException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteOpenIDConnectProviderInput;
    type Output = Nothing;
    type Target = OidcRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<OidcRef> {
        OidcRef::resolve(cx, &input.open_id_connect_provider_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<OidcRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        if target.record.is_some() {
            cx.tx.delete::<OidcProviders>(&target.key)?;
        }
        Ok(Nothing)
    }
}
