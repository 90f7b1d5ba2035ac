use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::Authorized,
    context::Context,
    jobs::Job,
    operation::Operation,
    secretsmanager::{Result, SecretRef, SecretsManager, event::service_event, rotation},
    shape::{Input, Output},
    tables::Jobs,
};

/// Takes back the scheduled deletion of a secret.
///
/// Source: Secrets Manager API Reference, RestoreSecret.
pub struct RestoreSecret;

/// Which secret.
#[derive(Input)]
pub struct RestoreSecretInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
}

/// The secret.
#[derive(Output)]
pub struct RestoreSecretOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
}

impl Operation for RestoreSecret {
    const NAME: &'static str = "RestoreSecret";
    const ACTION: &'static str = "secretsmanager:RestoreSecret";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InvalidRequestException",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = RestoreSecretInput;
    type Output = RestoreSecretOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = secret.found()?;
        if let Some(due_ms) = found.secret.deletion_due_ms.take() {
            found.secret.deleted_ms = None;
            let job = Job::delete_secret(&found.home, &found.secret.name, &found.secret.suffix);
            // Gone already if a worker claimed it; the worker then finds a
            // secret that is not deleted.
            cx.tx.delete::<Jobs>(&job.key(due_ms))?;
            rotation::restored(cx, &mut found)?;
            found.save(cx)?;
            for version in &found.secret.versions {
                cx.events.push(service_event(
                    &found,
                    "CancelSecretVersionDelete",
                    &version.id,
                ));
            }
        }
        Ok(RestoreSecretOutput {
            name: Some(found.name()),
            arn: Some(found.arn),
        })
    }
}
