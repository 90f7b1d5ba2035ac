//! Secrets Manager's errors, named as AWS names them, with AWS's texts.

use std::borrow::Cow;

use strongroom_store::StoreError;
use strongroom_types::Arn;

use super::secret::{MAX_LABELS, MAX_SECRETS, MAX_VERSIONS};
use crate::{operation::ServiceError, refusal::Refusal};

/// The result of what may be refused by Secrets Manager.
pub type Result<T> = std::result::Result<T, Error>;

type Text = Cow<'static, str>;

/// Why Secrets Manager refuses a request.
///
/// Source: Secrets Manager API Reference, "Errors" of each operation.
#[derive(Debug)]
pub enum Error {
    /// The caller may not do this.
    AccessDenied(Text),
    /// The value cannot be decrypted: key disabled, gone or changed data.
    Decryption(Text),
    /// The value cannot be encrypted under the key.
    Encryption(Text),
    /// The page token is not of this query.
    InvalidNextToken(Text),
    /// A parameter is wrong in itself.
    InvalidParameter(Text),
    /// A parameter is wrong for the state the secret is in.
    InvalidRequest(Text),
    /// A quota is used up.
    LimitExceeded(Text),
    /// The resource policy is not a policy.
    MalformedPolicyDocument(Text),
    /// The resource policy would let everyone in.
    PublicPolicy(Text),
    /// There is already a secret or a version of this name.
    ResourceExists(Text),
    /// There is no such secret or version.
    ResourceNotFound(Text),
    /// The store could not be read or written.
    Store(StoreError),
    /// A parameter breaks the model's constraints.
    Validation(Text),
}

impl ServiceError for Error {
    fn denied(message: String) -> Self {
        Self::AccessDenied(message.into())
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn refusal(self) -> Refusal {
        match self {
            Self::AccessDenied(text) => Refusal::modelled("AccessDeniedException", text),
            Self::Decryption(text) => Refusal::modelled("DecryptionFailure", text),
            Self::Encryption(text) => Refusal::modelled("EncryptionFailure", text),
            Self::InvalidNextToken(text) => Refusal::modelled("InvalidNextTokenException", text),
            Self::InvalidParameter(text) => Refusal::modelled("InvalidParameterException", text),
            Self::InvalidRequest(text) => Refusal::modelled("InvalidRequestException", text),
            Self::LimitExceeded(text) => Refusal::modelled("LimitExceededException", text),
            Self::MalformedPolicyDocument(text) => {
                Refusal::modelled("MalformedPolicyDocumentException", text)
            }
            Self::PublicPolicy(text) => Refusal::modelled("PublicPolicyException", text),
            Self::ResourceExists(text) => Refusal::modelled("ResourceExistsException", text),
            Self::ResourceNotFound(text) => Refusal::modelled("ResourceNotFoundException", text),
            Self::Store(error) => Refusal::store(&error),
            Self::Validation(text) => Refusal::validation(text),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Error {
    pub(crate) fn invalid_name() -> Self {
        Self::Validation(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
             following: -/_+=.@!"
                .into(),
        )
    }

    pub(crate) fn no_secret() -> Self {
        Self::ResourceNotFound("Secrets Manager can't find the specified secret.".into())
    }

    pub(crate) fn no_version(id: &str) -> Self {
        Self::ResourceNotFound(
            format!("Secrets Manager can't find the specified secret value for VersionId: {id}")
                .into(),
        )
    }

    pub(crate) fn no_label(label: &str) -> Self {
        Self::ResourceNotFound(
            format!(
                "Secrets Manager can't find the specified secret value for staging label: {label}"
            )
            .into(),
        )
    }

    pub(crate) fn label_of_another_version() -> Self {
        Self::InvalidRequest(
            "You provided a VersionStage that is not associated to the provided VersionId.".into(),
        )
    }

    pub(crate) fn name_exists(name: &str) -> Self {
        Self::ResourceExists(
            format!("The operation failed because the secret {name} already exists.").into(),
        )
    }

    pub(crate) fn name_scheduled_for_deletion() -> Self {
        Self::InvalidRequest(
            "You can't create this secret because a secret with this name is already scheduled \
             for deletion."
                .into(),
        )
    }

    pub(crate) fn token_in_use(token: &str, secret: &Arn) -> Self {
        Self::ResourceExists(
            format!(
                "You can't use ClientRequestToken {token} because that value is already in use \
                 for a version of secret {secret}."
            )
            .into(),
        )
    }

    pub(crate) fn token_missing() -> Self {
        Self::InvalidRequest(
            "You must provide a ClientRequestToken value. We recommend a UUID-type value.".into(),
        )
    }

    pub(crate) fn both_kinds() -> Self {
        Self::InvalidParameter(
            "You can't specify both a binary secret value and a string secret value in the same \
             secret."
                .into(),
        )
    }

    pub(crate) fn no_value() -> Self {
        Self::InvalidRequest("You must provide either SecretString or SecretBinary.".into())
    }

    pub(crate) fn marked_for_deletion() -> Self {
        Self::InvalidRequest(
            "You can't perform this operation on the secret because it was marked for deletion."
                .into(),
        )
    }

    pub(crate) fn already_scheduled_for_deletion() -> Self {
        Self::InvalidRequest(
            "You can't perform this operation on the secret because it was already scheduled for \
             deletion."
                .into(),
        )
    }

    pub(super) fn too_many_labels() -> Self {
        Self::LimitExceeded(
            format!("The secret has more than {MAX_LABELS} staging labels over all its versions.")
                .into(),
        )
    }

    pub(super) fn too_many_secrets() -> Self {
        Self::LimitExceeded(
            format!("The account has {MAX_SECRETS} secrets in this Region, and cannot have more.")
                .into(),
        )
    }

    pub(super) fn too_many_versions() -> Self {
        Self::LimitExceeded(
            format!("The secret has {MAX_VERSIONS} versions, and none can be removed yet.").into(),
        )
    }

    pub(super) fn neither_move_nor_remove() -> Self {
        Self::InvalidParameter(
            "You must specify MoveToVersionId or RemoveFromVersionId, or both.".into(),
        )
    }

    pub(super) fn remove_from_needed(label: &str, holder: &str) -> Self {
        Self::InvalidParameter(
            format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {label} is \
                 currently attached to version {holder}, so you must explicitly reference that \
                 version in RemoveFromVersionId."
            )
            .into(),
        )
    }

    pub(super) fn remove_from_mismatch(label: &str, holder: &str) -> Self {
        Self::InvalidParameter(
            format!(
                "Staging label {label} is currently attached to version {holder}, so you must \
                 explicitly reference that version in RemoveFromVersionId."
            )
            .into(),
        )
    }

    pub(super) fn label_not_there(label: &str, id: &str) -> Self {
        Self::InvalidParameter(
            format!("Staging label {label} isn't attached to version {id}.").into(),
        )
    }

    pub(super) fn current_must_stay() -> Self {
        Self::InvalidParameter(
            "You can only move staging label AWSCURRENT to a different secret version. It can\u{2019}t \
             be completely removed."
                .into(),
        )
    }
}
