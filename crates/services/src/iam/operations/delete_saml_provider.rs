use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, providers::SamlRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::SamlProviders,
};

/// Deletes a SAML provider. Roles that trust it can no longer be assumed by its
/// assertions.
///
/// Source: IAM API Reference, DeleteSAMLProvider.
pub struct DeleteSAMLProvider;

/// What is asked.
#[derive(Input)]
pub struct DeleteSAMLProviderInput {
    /// The provider's ARN.
    #[shape(name = "SAMLProviderArn", length(20, 2048))]
    pub saml_provider_arn: String,
}

impl Operation for DeleteSAMLProvider {
    const NAME: &'static str = "DeleteSAMLProvider";
    const ACTION: &'static str = "iam:DeleteSAMLProvider";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidInputException",
        "LimitExceededException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteSAMLProviderInput;
    type Output = Nothing;
    type Target = SamlRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SamlRef> {
        SamlRef::resolve(cx, &input.saml_provider_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<SamlRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let (key, _) = target.into_inner().found()?;
        cx.tx.delete::<SamlProviders>(&key)?;
        Ok(Nothing)
    }
}
