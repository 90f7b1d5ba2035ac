use strongroom_store::Mode;
use strongroom_types::{Arn, Sensitive};

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    secretsmanager::{
        Error, FoundSecret, Result, SecretRef, SecretsManager,
        arguments::{kms_key_id, token},
        value,
    },
    shape::{Blob, Input, Output},
};

/// Changes a secret's description, key or value.
///
/// Source: Secrets Manager API Reference, UpdateSecret.
pub struct UpdateSecret;

/// What to change; what is absent stays.
#[derive(Input)]
pub struct UpdateSecretInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// Becomes the id of the version, if there is a value.
    #[shape(length(32, 64))]
    pub client_request_token: Option<String>,
    /// Free text; empty clears it.
    #[shape(length(0, 2048))]
    pub description: Option<String>,
    /// The key for values; empty for `aws/secretsmanager`.
    #[shape(length(0, 2048))]
    pub kms_key_id: Option<String>,
    /// The value, as bytes.
    #[shape(length(1, 65536))]
    pub secret_binary: Option<Sensitive<Blob>>,
    /// The value, as text.
    #[shape(length(1, 65536))]
    pub secret_string: Option<Sensitive<String>>,
    /// The partner integration of a managed external secret; refused until
    /// there are any.
    #[shape(length(0, 256))]
    pub r#type: Option<String>,
}

/// The secret, and the version if one was made.
#[derive(Output)]
pub struct UpdateSecretOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// The new version's id.
    pub version_id: Option<String>,
}

impl Operation for UpdateSecret {
    const NAME: &'static str = "UpdateSecret";
    const ACTION: &'static str = "secretsmanager:UpdateSecret";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterException",
        "InvalidRequestException",
        "LimitExceededException",
        "EncryptionFailure",
        "ResourceExistsException",
        "ResourceNotFoundException",
        "MalformedPolicyDocumentException",
        "InternalServiceError",
        "PreconditionNotMetException",
        "DecryptionFailure",
    ];
    type Service = SecretsManager;
    type Input = UpdateSecretInput;
    type Output = UpdateSecretOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        let secret = SecretRef::resolve(cx, &input.secret_id).await?;
        secret.with_named_key(cx, input.kms_key_id.as_deref()).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some("secretsmanager:Description", input.description.as_ref());
        keys.some("secretsmanager:KmsKeyId", input.kms_key_id.as_ref());
        keys.some("secretsmanager:Type", input.r#type.as_ref());
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = secret.alive()?;
        let token = token(input.client_request_token)?;
        let value = value::Value::given(input.secret_string, input.secret_binary)?;
        if input.r#type.is_some_and(|kind| !kind.is_empty()) {
            return Err(Error::InvalidParameter(
                "Type: this deployment has no managed external secrets.".into(),
            ));
        }
        let mut changed = false;
        if let Some(description) = input.description {
            found.secret.description = Some(description).filter(|text| !text.is_empty());
            changed = true;
        }
        if let Some(named) = input.kms_key_id {
            change_key(cx, &mut found, kms_key_id(Some(named))).await?;
            changed = true;
        }
        if changed {
            found.secret.last_changed_ms = cx.now.as_millisecond();
        }
        if let Some(value) = &value {
            changed |= value::put(cx, &mut found, &token, None, value).await?;
        }
        if changed {
            found.save(cx)?;
        }
        let version_id = value.map(|_| token);
        Ok(UpdateSecretOutput {
            name: Some(found.name()),
            arn: Some(found.arn),
            version_id,
        })
    }
}

/// Puts the secret under another key, and with it the versions that carry one
/// of AWS's three labels; others stay under the key they were made with.
async fn change_key(
    cx: &mut Context<'_>,
    found: &mut FoundSecret,
    named: Option<String>,
) -> Result<()> {
    let key = value::choose_key(cx, &found.home, &found.arn, named.as_deref()).await?;
    found.secret.kms_key_id = named;
    value::reseal(cx, found, &key).await
}
