use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    secretsmanager::{
        Error, Result, SecretRef, SecretsManager,
        event::rotation_event,
        rotation::{cut_test_short, end_what_is_done, set_job},
    },
    shape::{Input, Output},
};

/// Turns a secret's rotation off, and stops one that is running, which
/// `RotationAbandoned` tells of. Its version keeps AWSPENDING.
///
/// Source: Secrets Manager API Reference, CancelRotateSecret.
pub struct CancelRotateSecret;

/// Which secret.
#[derive(Input)]
pub struct CancelRotateSecretInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
}

/// The secret, and the version that is left behind.
#[derive(Output)]
pub struct CancelRotateSecretOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// The version that the rotation was making, if one was running.
    pub version_id: Option<String>,
}

impl Operation for CancelRotateSecret {
    const NAME: &'static str = "CancelRotateSecret";
    const ACTION: &'static str = "secretsmanager:CancelRotateSecret";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InternalServiceError",
        "InvalidRequestException",
    ];
    type Service = SecretsManager;
    type Input = CancelRotateSecretInput;
    type Output = CancelRotateSecretOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = secret.alive()?;
        if found.secret.rotation.is_none() {
            return Err(Error::InvalidRequest(
                "You can't cancel the rotation of a secret that isn't configured for rotation."
                    .into(),
            ));
        }
        cut_test_short(
            cx,
            &mut found,
            "The rotation was cancelled during the test.",
        )?;
        end_what_is_done(cx, &mut found);
        set_job(cx, &mut found, None)?;
        if let Some(rotation) = &mut found.secret.rotation {
            rotation.enabled = false;
            let running = rotation.running.take();
            rotation.window_start_ms = None;
            rotation.window_end_ms = None;
            // AWS documents this event of a rotation whose version lost its
            // label. Here it also ends what RotationStarted began, so that who
            // waits for an end hears of one.
            if let Some(running) = running {
                let event = rotation_event(&found, "RotationAbandoned", &running.version_id);
                cx.events.push(event);
            }
        }
        found.secret.last_changed_ms = cx.now.as_millisecond();
        found.save(cx)?;
        Ok(CancelRotateSecretOutput {
            name: Some(found.name()),
            version_id: found.secret.pending().map(|version| version.id.clone()),
            arn: Some(found.arn),
        })
    }
}
