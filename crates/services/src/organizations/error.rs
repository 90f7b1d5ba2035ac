//! Organizations' errors, named as AWS names them, with AWS's texts.

use strongroom_store::StoreError;

use crate::{operation::ServiceError, refusal::Refusal};

/// The result of what may be refused by Organizations.
pub type Result<T> = std::result::Result<T, Error>;

/// Why Organizations refuses a request.
///
/// Source: AWS Organizations API Reference, "Errors" of each operation.
#[derive(Debug)]
pub enum Error {
    /// The account was closed before.
    AccountAlreadyClosed,
    /// The caller may not do this.
    AccessDenied(String),
    /// There is no such account in the organization.
    AccountNotFound,
    /// The caller's account is in an organization already.
    AlreadyInOrganization,
    /// There is no such root, unit or account below the root.
    ChildNotFound,
    /// A limit or a rule of the organization, with AWS's reason.
    ConstraintViolation(&'static str, String),
    /// There is no such request to make an account.
    CreateAccountStatusNotFound,
    /// The account is not to be moved there.
    DestinationParentNotFound,
    /// The account is where it is to be moved.
    DuplicateAccount,
    /// The parent has a unit of that name.
    DuplicateOrganizationalUnit,
    /// There is a policy of that name.
    DuplicatePolicy,
    /// The policy is attached there already.
    DuplicatePolicyAttachment,
    /// A parameter is wrong, with AWS's reason.
    InvalidInput(&'static str, String),
    /// The document is no policy of its type.
    MalformedPolicyDocument,
    /// The management account stays until the organization ends.
    MasterCannotLeave,
    /// The caller's account is in no organization.
    NotInUse,
    /// There are member accounts.
    OrganizationNotEmpty,
    /// There is something in the unit.
    OrganizationalUnitNotEmpty,
    /// There is no such unit.
    OrganizationalUnitNotFound,
    /// There is no such root or unit.
    ParentNotFound,
    /// The policy is attached somewhere.
    PolicyInUse,
    /// The policy is not attached there.
    PolicyNotAttached,
    /// There is no such policy.
    PolicyNotFound,
    /// The type is enabled already.
    PolicyTypeAlreadyEnabled,
    /// The type cannot be used here.
    PolicyTypeNotAvailable,
    /// The type is not enabled.
    PolicyTypeNotEnabled,
    /// There is no such root.
    RootNotFound,
    /// The account is not there.
    SourceParentNotFound,
    /// The store could not be read or written.
    Store(StoreError),
    /// There is no such root, unit, account or policy.
    TargetNotFound,
}

impl ServiceError for Error {
    fn denied(message: String) -> Self {
        Self::AccessDenied(message)
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn refusal(self) -> Refusal {
        let (code, text) = match self {
            Self::AccessDenied(text) => return Refusal::modelled("AccessDeniedException", text),
            Self::ConstraintViolation(reason, text) => {
                return Refusal::modelled("ConstraintViolationException", text).because(reason);
            }
            Self::InvalidInput(reason, text) => {
                return Refusal::modelled("InvalidInputException", text).because(reason);
            }
            Self::Store(error) => return Refusal::store(&error),
            Self::AccountAlreadyClosed => (
                "AccountAlreadyClosedException",
                "The account is already closed.",
            ),
            Self::AccountNotFound => (
                "AccountNotFoundException",
                "You specified an account that doesn't exist.",
            ),
            Self::AlreadyInOrganization => (
                "AlreadyInOrganizationException",
                "The provided account is already a member of an organization.",
            ),
            Self::ChildNotFound => (
                "ChildNotFoundException",
                "You specified a child that doesn't exist.",
            ),
            Self::CreateAccountStatusNotFound => (
                "CreateAccountStatusNotFoundException",
                "You specified a create account request ID that doesn't exist.",
            ),
            Self::DestinationParentNotFound => (
                "DestinationParentNotFoundException",
                "You specified a destination parent that doesn't exist.",
            ),
            Self::DuplicateAccount => (
                "DuplicateAccountException",
                "The account is already in the specified destination parent.",
            ),
            Self::DuplicateOrganizationalUnit => (
                "DuplicateOrganizationalUnitException",
                "An OU with the same name already exists.",
            ),
            Self::DuplicatePolicy => (
                "DuplicatePolicyException",
                "A policy with the same name already exists.",
            ),
            Self::DuplicatePolicyAttachment => (
                "DuplicatePolicyAttachmentException",
                "The selected policy is already attached to the specified target.",
            ),
            Self::MalformedPolicyDocument => (
                "MalformedPolicyDocumentException",
                "The provided policy document does not meet the requirements of the specified \
                 policy type.",
            ),
            Self::MasterCannotLeave => (
                "MasterCannotLeaveOrganizationException",
                "You can't remove the management account from the organization. To remove it, \
                 delete the organization.",
            ),
            Self::NotInUse => (
                "AWSOrganizationsNotInUseException",
                "Your account is not a member of an organization.",
            ),
            Self::OrganizationNotEmpty => (
                "OrganizationNotEmptyException",
                "To delete the organization, you must first remove all member accounts (except \
                 the management account).",
            ),
            Self::OrganizationalUnitNotEmpty => (
                "OrganizationalUnitNotEmptyException",
                "The specified OU is not empty. Move all accounts to another root or to other \
                 OUs, remove all child OUs, and try the operation again.",
            ),
            Self::OrganizationalUnitNotFound => (
                "OrganizationalUnitNotFoundException",
                "You specified an organizational unit that doesn't exist.",
            ),
            Self::ParentNotFound => (
                "ParentNotFoundException",
                "You specified parent that doesn't exist.",
            ),
            Self::PolicyInUse => (
                "PolicyInUseException",
                "The policy is attached to one or more entities. You must detach it from all \
                 roots, OUs, and accounts before performing this operation.",
            ),
            Self::PolicyNotAttached => (
                "PolicyNotAttachedException",
                "The policy isn't attached to the specified target in the specified root.",
            ),
            Self::PolicyNotFound => (
                "PolicyNotFoundException",
                "You specified a policy that doesn't exist.",
            ),
            Self::PolicyTypeAlreadyEnabled => (
                "PolicyTypeAlreadyEnabledException",
                "The specified policy type is already enabled.",
            ),
            Self::PolicyTypeNotAvailable => (
                "PolicyTypeNotAvailableForOrganizationException",
                "You can't use the specified policy type with the feature set currently enabled \
                 for this organization.",
            ),
            Self::PolicyTypeNotEnabled => (
                "PolicyTypeNotEnabledException",
                "This operation can be performed only for enabled policy types.",
            ),
            Self::RootNotFound => (
                "RootNotFoundException",
                "You specified a root that doesn't exist.",
            ),
            Self::SourceParentNotFound => (
                "SourceParentNotFoundException",
                "You specified a source parent that doesn't exist.",
            ),
            Self::TargetNotFound => (
                "TargetNotFoundException",
                "You specified a target that doesn't exist.",
            ),
        };
        Refusal::modelled(code, text)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Error {
    /// What only the management account may do.
    pub(super) fn not_management() -> Self {
        Self::AccessDenied("You don't have permissions to access this resource.".into())
    }

    pub(super) fn constraint(reason: &'static str, text: &str) -> Self {
        Self::ConstraintViolation(reason, text.to_owned())
    }

    pub(super) fn invalid(reason: &'static str, text: &str) -> Self {
        Self::InvalidInput(reason, text.to_owned())
    }
}

/// What breaks the model's constraints has an exception here, with a reason
/// for the first thing that is wrong.
///
/// Source: AWS Organizations API Reference, `InvalidInputException`.
pub(super) fn invalid_input(refusal: Refusal) -> Refusal {
    if refusal.code != "ValidationException" {
        return refusal;
    }
    let (_, constraint) = refusal
        .message
        .split_once("failed to satisfy constraint: ")
        .unwrap_or(("", &refusal.message));
    let (reason, text) = [
        (
            "Member must not be null",
            "INPUT_REQUIRED",
            "You must include a value for all required parameters.",
        ),
        (
            "Member must have length greater",
            "MIN_LENGTH_EXCEEDED",
            "You provided a string parameter that is shorter than allowed.",
        ),
        (
            "Member must have length less",
            "MAX_LENGTH_EXCEEDED",
            "You provided a string parameter that is longer than allowed.",
        ),
        (
            "Member must have value greater",
            "MIN_VALUE_EXCEEDED",
            "You provided a numeric parameter that has a smaller value than allowed.",
        ),
        (
            "Member must have value less",
            "MAX_VALUE_EXCEEDED",
            "You provided a numeric parameter that has a larger value than allowed.",
        ),
        (
            "Member must satisfy enum",
            "INVALID_ENUM",
            "You specified an invalid value.",
        ),
    ]
    .into_iter()
    .find(|(rule, _, _)| constraint.starts_with(rule))
    .map_or(
        (
            "INVALID_PATTERN",
            "You provided a value that does not match the required pattern.",
        ),
        |(_, reason, text)| (reason, text),
    );
    Refusal::modelled("InvalidInputException", text).because(reason)
}
