use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    secretsmanager::{Result, SecretRef, SecretsManager},
    shape::{Input, Output},
};

/// Moves a staging label from one version of a secret to another.
///
/// Source: Secrets Manager API Reference, UpdateSecretVersionStage.
pub struct UpdateSecretVersionStage;

/// Which label, from where, to where.
#[derive(Input)]
pub struct UpdateSecretVersionStageInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// The label.
    #[shape(length(1, 256))]
    pub version_stage: String,
    /// The version that has it now; needed if one has.
    #[shape(length(32, 64))]
    pub remove_from_version_id: Option<String>,
    /// The version that gets it; absent to take it off.
    #[shape(length(32, 64))]
    pub move_to_version_id: Option<String>,
}

/// The secret.
#[derive(Output)]
pub struct UpdateSecretVersionStageOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
}

impl Operation for UpdateSecretVersionStage {
    const NAME: &'static str = "UpdateSecretVersionStage";
    const ACTION: &'static str = "secretsmanager:UpdateSecretVersionStage";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InvalidRequestException",
        "LimitExceededException",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = UpdateSecretVersionStageInput;
    type Output = UpdateSecretVersionStageOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("secretsmanager:VersionStage", &input.version_stage);
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = secret.alive()?;
        found.secret.move_label(
            &input.version_stage,
            input.remove_from_version_id.as_deref(),
            input.move_to_version_id.as_deref(),
            cx.now,
        )?;
        found.save(cx)?;
        Ok(UpdateSecretVersionStageOutput {
            name: Some(found.name()),
            arn: Some(found.arn),
        })
    }
}
