//! IAM's errors, named as AWS names them, with AWS's texts.

use std::borrow::Cow;

use strongroom_policy::PolicyError;
use strongroom_store::StoreError;

use crate::{operation::ServiceError, refusal::Refusal};

/// The result of what may be refused by IAM.
pub type Result<T> = std::result::Result<T, Error>;

type Text = Cow<'static, str>;

/// Why IAM refuses a request.
///
/// Source: IAM API Reference, "Errors" of each operation and "Common errors".
#[derive(Debug)]
pub enum Error {
    /// The caller may not do this.
    AccessDenied(Text),
    /// Something still hangs on what should be deleted.
    DeleteConflict(Text),
    /// There is already something of this name.
    EntityAlreadyExists(Text),
    /// A parameter is wrong in itself.
    InvalidInput(Text),
    /// A quota is used up.
    LimitExceeded(Text),
    /// The document is no policy.
    MalformedPolicyDocument(Text),
    /// There is nothing of this name.
    NoSuchEntity(Text),
    /// A policy could not be evaluated.
    PolicyEvaluation(Text),
    /// The policy is for AWS's own use.
    PolicyNotAttachable(Text),
    /// The store could not be read or written.
    Store(StoreError),
    /// The thing is AWS's, and only AWS changes it.
    UnmodifiableEntity(Text),
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
        // CloudTrail calls errors by their shapes' names in the model.
        let modelled = |code, shape, status, text| Refusal {
            status,
            recorded_as: Some(shape),
            ..Refusal::modelled(code, text)
        };
        match self {
            Self::AccessDenied(text) => modelled("AccessDenied", "AccessDenied", 403, text),
            Self::DeleteConflict(text) => {
                modelled("DeleteConflict", "DeleteConflictException", 409, text)
            }
            Self::EntityAlreadyExists(text) => modelled(
                "EntityAlreadyExists",
                "EntityAlreadyExistsException",
                409,
                text,
            ),
            Self::InvalidInput(text) => {
                modelled("InvalidInput", "InvalidInputException", 400, text)
            }
            Self::LimitExceeded(text) => {
                modelled("LimitExceeded", "LimitExceededException", 409, text)
            }
            Self::MalformedPolicyDocument(text) => modelled(
                "MalformedPolicyDocument",
                "MalformedPolicyDocumentException",
                400,
                text,
            ),
            Self::NoSuchEntity(text) => {
                modelled("NoSuchEntity", "NoSuchEntityException", 404, text)
            }
            Self::PolicyEvaluation(text) => {
                modelled("PolicyEvaluation", "PolicyEvaluationException", 500, text)
            }
            Self::PolicyNotAttachable(text) => modelled(
                "PolicyNotAttachable",
                "PolicyNotAttachableException",
                400,
                text,
            ),
            Self::Store(error) => Refusal::store(&error),
            Self::UnmodifiableEntity(text) => modelled(
                "UnmodifiableEntity",
                "UnmodifiableEntityException",
                400,
                text,
            ),
            Self::Validation(text) => Refusal::validation(text),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        Self::MalformedPolicyDocument(error.to_string().into())
    }
}

impl Error {
    /// `kind` as AWS says it: `user`, `group`, `role`, `role policy`, …
    pub(super) fn not_found(kind: &str, name: &str) -> Self {
        Self::NoSuchEntity(format!("The {kind} with name {name} cannot be found.").into())
    }

    /// `kind` as AWS says it: `User`, `Group`, `Role`.
    pub(super) fn exists(kind: &str, name: &str) -> Self {
        Self::EntityAlreadyExists(format!("{kind} with name {name} already exists.").into())
    }

    /// `quota` as AWS calls it: `PoliciesPerRole`, `RolesPerAccount`, …
    pub(super) fn over_quota(quota: &str, most: usize) -> Self {
        Self::LimitExceeded(format!("Cannot exceed quota for {quota}: {most}").into())
    }

    pub(super) fn conflict(text: &'static str) -> Self {
        Self::DeleteConflict(text.into())
    }

    pub(super) fn arn_unparsable() -> Self {
        Self::Validation("Invalid ARN:  Could not be parsed!".into())
    }

    pub(super) fn arn_invalid(arn: &str) -> Self {
        Self::InvalidInput(format!("ARN {arn} is not valid.").into())
    }

    pub(super) fn no_policy(arn: &str) -> Self {
        Self::NoSuchEntity(format!("Policy {arn} was not found.").into())
    }

    pub(super) fn not_attachable(arn: &str) -> Self {
        Self::NoSuchEntity(format!("Policy {arn} does not exist or is not attachable.").into())
    }

    pub(super) fn no_policy_version(arn: &str, version: &str) -> Self {
        Self::NoSuchEntity(
            format!("Policy {arn} version {version} does not exist or is not attachable.").into(),
        )
    }

    pub(super) fn protected_role(name: &str) -> Self {
        Self::UnmodifiableEntity(
            format!(
                "Cannot perform the operation on the protected role '{name}' - this role is only \
                 modifiable by AWS"
            )
            .into(),
        )
    }
}
