use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    lambda,
    operation::Operation,
    secretsmanager::{
        Error, FoundSecret, Result, SecretRef, SecretsManager,
        event::{rotation_event, service_event},
        rotation::{self, Rotation, RotationRules, Running, end_what_is_done, set_job},
        secret::AWSCURRENT,
        value::{self, row},
    },
    shape::{Input, Output},
    tables::SecretValues,
};

/// Sets up the rotation of a secret, and rotates it or tries the function.
///
/// Source: Secrets Manager API Reference, RotateSecret.
pub struct RotateSecret;

/// How to rotate; what is left out stays as it was.
#[derive(Input)]
pub struct RotateSecretInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// Becomes the new version's id; makes a repeated call harmless.
    #[shape(length(32, 64))]
    pub client_request_token: Option<String>,
    /// The function that rotates the secret.
    #[shape(name = "RotationLambdaARN", length(0, 2048))]
    pub rotation_lambda_arn: Option<String>,
    /// When the secret rotates.
    pub rotation_rules: Option<RotationRules>,
    /// What a partner's integration needs, for managed external secrets.
    pub external_secret_rotation_metadata: Option<Vec<ExternalSecretRotationMetadataItem>>,
    /// The role by which a managed external secret is rotated.
    #[shape(length(20, 2048))]
    pub external_secret_rotation_role_arn: Option<String>,
    /// Whether to rotate now, true when absent; otherwise only the function's
    /// testSecret is tried.
    pub rotate_immediately: Option<bool>,
}

/// A field that a partner's integration needs.
#[derive(Clone, Debug, Input)]
pub struct ExternalSecretRotationMetadataItem {
    /// Its name.
    #[shape(length(1, 256))]
    pub key: Option<String>,
    /// Its value.
    #[shape(length(1, 2048))]
    pub value: Option<String>,
}

/// The secret, and the version that is being made.
#[derive(Output)]
pub struct RotateSecretOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// The id of the new version.
    pub version_id: Option<String>,
}

impl Operation for RotateSecret {
    const NAME: &'static str = "RotateSecret";
    const ACTION: &'static str = "secretsmanager:RotateSecret";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InternalServiceError",
        "InvalidRequestException",
    ];
    type Service = SecretsManager;
    type Input = RotateSecretInput;
    type Output = RotateSecretOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some(
            "secretsmanager:RotationLambdaARN",
            input.rotation_lambda_arn.as_ref(),
        );
        keys.some(
            "secretsmanager:ExternalSecretRotationRoleArn",
            input.external_secret_rotation_role_arn.as_ref(),
        );
        keys.some("secretsmanager:RotateImmediately", input.rotate_immediately);
        if input.rotation_rules.is_some() {
            keys.one("secretsmanager:ModifyRotationRules", "true");
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = secret.alive()?;
        let token = input.client_request_token.ok_or_else(|| {
            Error::InvalidParameter(
                "You must provide a ClientRequestToken value. We recommend a UUID-type value."
                    .into(),
            )
        })?;
        let external = input.external_secret_rotation_metadata.is_some()
            || input.external_secret_rotation_role_arn.is_some();
        refuse_managed(&found, external, input.rotation_lambda_arn.as_deref())?;
        if already_begun(cx, &found, &token)? {
            return Ok(output(found, token));
        }

        end_what_is_done(cx, &mut found);

        let before = found.secret.rotation.take().unwrap_or_default();
        let given = input.rotation_lambda_arn.filter(|arn| !arn.is_empty());
        let lambda_arn = given.unwrap_or_else(|| before.lambda_arn.clone());
        if lambda_arn.is_empty() {
            return Err(Error::InvalidRequest(
                "No Lambda rotation function ARN is associated with this secret.".into(),
            ));
        }
        let mut after = Rotation {
            enabled: true,
            lambda_arn,
            ..before
        };
        if let Some(rules) = input.rotation_rules {
            rotation::schedule(&rules)?;
            after.automatically_after_days = rules.automatically_after_days;
            after.schedule_expression = rules.schedule_expression;
            after.duration = rules.duration;
            after.forget_window();
        }
        may_invoke(cx, &after.lambda_arn, &found).await?;
        let lambda_arn = after.lambda_arn.clone();
        found.secret.rotation = Some(after);

        let running = Running {
            version_id: token.clone(),
            rotation_token: cx.services.random.uuid().to_string(),
            started_ms: cx.now.as_millisecond(),
            ..Running::default()
        };
        let due = if input.rotate_immediately.unwrap_or(true) {
            if let Some(rotation) = &mut found.secret.rotation {
                rotation.next_window(cx.now);
            }
            begin(cx, &mut found, running)?;
            Some(now_ms(cx))
        } else if found.secret.labelled(AWSCURRENT).is_some() {
            begin_test(cx, &mut found, running).await?;
            Some(now_ms(cx))
        } else {
            // Without a value there is nothing that the function could test.
            let chance = cx.services.random.below(1000);
            found.secret.rotation.as_mut().and_then(|rotation| {
                rotation.first_window(cx.now);
                rotation.next_start(cx.now, chance)
            })
        };
        found.secret.last_changed_ms = cx.now.as_millisecond();
        set_job(cx, &mut found, due)?;
        found.save(cx)?;
        tracing::debug!(secret = %found.arn, function = lambda_arn, "rotation is set up");
        Ok(output(found, token))
    }
}

fn output(found: FoundSecret, token: String) -> RotateSecretOutput {
    RotateSecretOutput {
        name: Some(found.name()),
        arn: Some(found.arn),
        version_id: Some(token),
    }
}

fn now_ms(cx: &Context<'_>) -> u64 {
    u64::try_from(cx.now.as_millisecond()).unwrap_or(0)
}

/// Secrets that another service or a partner's integration rotates.
fn refuse_managed(found: &FoundSecret, external: bool, lambda_arn: Option<&str>) -> Result<()> {
    if let Some(service) = &found.secret.owning_service
        && (lambda_arn.is_some() || external)
    {
        return Err(Error::InvalidRequest(
            format!(
                "This secret is managed by {service}, and you must use that service to update it."
            )
            .into(),
        ));
    }
    match &found.secret.r#type {
        None if external => Err(Error::InvalidRequest(
            "You can specify ExternalSecretRotationMetadata and ExternalSecretRotationRoleArn \
             only for managed external secrets."
                .into(),
        )),
        Some(partner) if external => Err(Error::InvalidRequest(
            format!("Managed rotation isn't available for secrets of the type {partner}.").into(),
        )),
        _ => Ok(()),
    }
}

/// Whether this very rotation was begun before.
///
/// # Errors
/// `InvalidRequestException` if another one is not finished.
fn already_begun(cx: &Context<'_>, found: &FoundSecret, token: &str) -> Result<bool> {
    let running = found.secret.rotation.as_ref();
    let running = running.and_then(|rotation| rotation.running.as_ref());
    let Some(pending) = found.secret.pending() else {
        // A call that is repeated after its rotation came to its end.
        let done = found.secret.version(token);
        let configured = found.secret.rotation.is_some();
        return Ok(configured && done.is_some_and(|version| version.has(AWSCURRENT)));
    };
    if running.is_some_and(|running| running.version_id == token) && pending.id == token {
        return Ok(true);
    }
    // One that was cancelled goes on too. Where nothing was ever set up, there
    // is no function by which it could.
    if found.secret.rotation.is_some() {
        cx.services.secrets.rotation().take_up(found.key());
    }
    Err(Error::InvalidRequest(
        "A previous rotation isn't complete. That rotation will be reattempted.".into(),
    ))
}

async fn may_invoke(cx: &mut Context<'_>, lambda_arn: &str, found: &FoundSecret) -> Result<()> {
    match lambda::may_rotate(cx, lambda_arn, &found.arn).await {
        Ok(()) => Ok(()),
        Err(lambda::Error::Store(error)) => Err(Error::Store(error)),
        Err(_) => Err(Error::AccessDenied(
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the \
             function policy grants access to the principal secretsmanager.amazonaws.com."
                .into(),
        )),
    }
}

fn begin(cx: &mut Context<'_>, found: &mut FoundSecret, running: Running) -> Result<()> {
    let token = running.version_id.clone();
    for id in found.secret.begin_rotation(running, cx.now)? {
        cx.tx.delete::<SecretValues>(&row(found, &id))?;
        cx.events
            .push(service_event(found, "SecretVersionDeletion", &id));
    }
    cx.events
        .push(rotation_event(found, "RotationStarted", &token));
    Ok(())
}

/// Puts a copy of the current value under AWSPENDING, for the time of a test.
async fn begin_test(cx: &mut Context<'_>, found: &mut FoundSecret, running: Running) -> Result<()> {
    let token = running.version_id.clone();
    if found.secret.version(&token).is_some() {
        return Err(Error::InvalidRequest(
            format!(
                "You can't use ClientRequestToken {token} because that value is already in use \
                 for a version of secret {}.",
                found.arn
            )
            .into(),
        ));
    }
    let current = found
        .secret
        .labelled(AWSCURRENT)
        .map(|version| version.id.clone());
    let current = current.unwrap_or_default();
    let value = value::read(cx, found, &current).await?;
    // The label of a rotation that is finished goes to the test and is gone
    // with it.
    let labels = Some(vec!["AWSPENDING".to_owned()]);
    value::put(cx, found, &token, labels, &value).await?;
    if let Some(rotation) = &mut found.secret.rotation {
        rotation.first_window(cx.now);
        rotation.running = Some(Running {
            test: true,
            ..running
        });
    }
    cx.events
        .push(rotation_event(found, "TestRotationStarted", &token));
    Ok(())
}
