use strongroom_store::Mode;
use strongroom_types::{Arn, Sensitive, Timestamp};

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    secretsmanager::{
        AWSCURRENT, Error, FoundSecret, Result, SecretRef, SecretsManager, record::Version, value,
    },
    shape::{Blob, Input, Output},
};

/// Returns one version of a secret, decrypted.
///
/// Source: Secrets Manager API Reference, GetSecretValue.
pub struct GetSecretValue;

/// Which version: by id, by label, by both; AWSCURRENT when neither is given.
#[derive(Input)]
pub struct GetSecretValueInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// The version's id.
    #[shape(length(32, 64))]
    pub version_id: Option<String>,
    /// A staging label of the version.
    #[shape(length(1, 256))]
    pub version_stage: Option<String>,
}

/// The version and its value, in the kind in which it was put.
#[derive(Output)]
pub struct GetSecretValueOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// The version's id.
    pub version_id: Option<String>,
    /// The value, if it is binary.
    pub secret_binary: Option<Sensitive<Blob>>,
    /// The value, if it is a string.
    pub secret_string: Option<Sensitive<String>>,
    /// The version's labels; absent if it has none.
    pub version_stages: Option<Vec<String>>,
    /// When the version was made.
    pub created_date: Option<Timestamp>,
}

impl Operation for GetSecretValue {
    const NAME: &'static str = "GetSecretValue";
    const ACTION: &'static str = "secretsmanager:GetSecretValue";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InvalidRequestException",
        "DecryptionFailure",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = GetSecretValueInput;
    type Output = GetSecretValueOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some("secretsmanager:VersionId", input.version_id.as_ref());
        keys.some("secretsmanager:VersionStage", input.version_stage.as_ref());
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = secret.alive()?;
        let version = chosen(
            &found,
            input.version_id.as_deref(),
            input.version_stage.as_deref(),
        )?;
        answer(cx, &found, version).await
    }
}

/// The version that id and label choose together.
fn chosen<'a>(
    found: &'a FoundSecret,
    id: Option<&str>,
    label: Option<&str>,
) -> Result<&'a Version> {
    let secret = &found.secret;
    let version = match (id, label) {
        (Some(id), label) => {
            let version = secret.version(id).filter(|version| version.has_value);
            let version = version.ok_or_else(|| Error::no_version(id))?;
            if label.is_some_and(|label| !version.has(label)) {
                return Err(Error::label_of_another_version());
            }
            version
        }
        (None, label) => {
            let label = label.unwrap_or(AWSCURRENT);
            let version = secret.labelled(label).filter(|version| version.has_value);
            version.ok_or_else(|| Error::no_label(label))?
        }
    };
    Ok(version)
}

/// Reads a version and makes the answer of it.
pub(super) async fn answer(
    cx: &mut Context<'_>,
    found: &FoundSecret,
    version: &Version,
) -> Result<GetSecretValueOutput> {
    let (secret_string, secret_binary) = value::read(cx, found, &version.id).await?.into_members();
    Ok(GetSecretValueOutput {
        arn: Some(found.arn.clone()),
        name: Some(found.name()),
        version_id: Some(version.id.clone()),
        secret_binary,
        secret_string,
        version_stages: version.stages(),
        created_date: Timestamp::from_millisecond(version.created_ms).ok(),
    })
}
