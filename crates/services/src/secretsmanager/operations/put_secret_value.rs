use strongroom_crypto::constant_time_eq;
use strongroom_store::Mode;
use strongroom_types::{Arn, Sensitive};

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    secretsmanager::{
        Error, FoundSecret, Result, SecretRef, SecretsManager, arguments::token, value,
    },
    shape::{Blob, Input, Output},
};

/// Adds a version with a value to a secret and moves staging labels to it.
///
/// Source: Secrets Manager API Reference, PutSecretValue.
pub struct PutSecretValue;

/// The new version.
#[derive(Input)]
pub struct PutSecretValueInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// Becomes the version's id; makes a repeated call harmless.
    #[shape(length(32, 64))]
    pub client_request_token: Option<String>,
    /// The value, as bytes.
    #[shape(length(1, 65536))]
    pub secret_binary: Option<Sensitive<Blob>>,
    /// The value, as text.
    #[shape(length(1, 65536))]
    pub secret_string: Option<Sensitive<String>>,
    /// Labels that move to the version; AWSCURRENT when absent.
    #[shape(length(1, 20), each(length(1, 256)))]
    pub version_stages: Option<Vec<String>>,
    /// Shows that a rotation function acts for a running rotation.
    #[shape(length(36, 256), pattern(r"^[a-zA-Z0-9\-]+$"))]
    pub rotation_token: Option<Sensitive<String>>,
}

/// The version and the labels it has now.
#[derive(Output)]
pub struct PutSecretValueOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    #[shape(unrecorded)]
    pub name: Option<String>,
    /// The version's id.
    #[shape(unrecorded)]
    pub version_id: Option<String>,
    /// The version's labels.
    #[shape(unrecorded)]
    pub version_stages: Option<Vec<String>>,
}

impl Operation for PutSecretValue {
    const NAME: &'static str = "PutSecretValue";
    const ACTION: &'static str = "secretsmanager:PutSecretValue";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterException",
        "InvalidRequestException",
        "LimitExceededException",
        "EncryptionFailure",
        "ResourceExistsException",
        "ResourceNotFoundException",
        "InternalServiceError",
        "DecryptionFailure",
    ];
    type Service = SecretsManager;
    type Input = PutSecretValueInput;
    type Output = PutSecretValueOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = secret.alive()?;
        let token = token(input.client_request_token)?;
        if let Some(given) = &input.rotation_token {
            check_rotation_token(&found, given)?;
        }
        let value = value::Value::given(input.secret_string, input.secret_binary)?;
        let value = value.ok_or_else(Error::no_value)?;
        if value::put(cx, &mut found, &token, input.version_stages, &value).await? {
            found.save(cx)?;
        }
        let version_stages = found
            .secret
            .version(&token)
            .and_then(|version| version.stages());
        Ok(PutSecretValueOutput {
            name: Some(found.name()),
            arn: Some(found.arn),
            version_id: Some(token),
            version_stages,
        })
    }
}

/// A function of another account or role shows by this that it acts for the
/// rotation that is running.
fn check_rotation_token(found: &FoundSecret, given: &Sensitive<String>) -> Result<()> {
    let rotation = found.secret.rotation.as_ref();
    let running = rotation.and_then(|rotation| rotation.running.as_ref());
    let same = running.is_some_and(|running| {
        constant_time_eq(running.rotation_token.as_bytes(), given.expose().as_bytes())
    });
    if same {
        Ok(())
    } else {
        Err(Error::InvalidParameter(
            "The RotationToken does not belong to a running rotation of this secret.".into(),
        ))
    }
}
