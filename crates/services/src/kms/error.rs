//! KMS's errors, named as AWS names them, with AWS's texts.

use std::borrow::Cow;

use strongroom_store::StoreError;
use strongroom_types::Arn;

use crate::{operation::ServiceError, refusal::Refusal};

/// The result of what may be refused by KMS.
pub type Result<T> = std::result::Result<T, Error>;

type Text = Cow<'static, str>;

/// Why KMS refuses a request.
///
/// Source: KMS API Reference, "Errors" of each operation.
#[derive(Debug)]
pub enum Error {
    /// The caller may not do this.
    Denied(String),
    /// An error of KMS's model, with its text. Some have none.
    Kms(Code, Text),
    /// The store could not be read or written.
    Store(StoreError),
    /// A parameter breaks a constraint.
    Validation(Text),
}

/// Defines the errors of the model by their names; all have status 400.
macro_rules! codes {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// An error that KMS's model declares for what can happen here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl Code {
            /// The name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

codes! {
    AlreadyExists = "AlreadyExistsException",
    Conflict = "ConflictException",
    CustomKeyStoreNotFound = "CustomKeyStoreNotFoundException",
    Disabled = "DisabledException",
    DryRunOperation = "DryRunOperationException",
    ExpiredImportToken = "ExpiredImportTokenException",
    IncorrectKey = "IncorrectKeyException",
    IncorrectKeyMaterial = "IncorrectKeyMaterialException",
    InvalidAliasName = "InvalidAliasNameException",
    InvalidArn = "InvalidArnException",
    InvalidCiphertext = "InvalidCiphertextException",
    InvalidGrantId = "InvalidGrantIdException",
    InvalidGrantToken = "InvalidGrantTokenException",
    InvalidImportToken = "InvalidImportTokenException",
    InvalidKeyUsage = "InvalidKeyUsageException",
    InvalidMarker = "InvalidMarkerException",
    InvalidMac = "KMSInvalidMacException",
    InvalidSignature = "KMSInvalidSignatureException",
    InvalidState = "KMSInvalidStateException",
    KeyUnavailable = "KeyUnavailableException",
    LimitExceeded = "LimitExceededException",
    MalformedPolicyDocument = "MalformedPolicyDocumentException",
    NotFound = "NotFoundException",
    Tag = "TagException",
    UnsupportedOperation = "UnsupportedOperationException",
}

impl ServiceError for Error {
    fn denied(message: String) -> Self {
        Self::Denied(message)
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn refusal(self) -> Refusal {
        match self {
            Self::Denied(text) => Refusal::modelled("AccessDeniedException", text),
            Self::Kms(code, text) => Refusal::modelled(code.as_str(), text),
            Self::Validation(text) => Refusal::validation(text),
            Self::Store(error) => {
                let refusal = Refusal::store(&error);
                // The store's damage is told as the service's own error.
                match refusal.code {
                    "InternalServiceError" => Refusal {
                        code: "KMSInternalException",
                        ..refusal
                    },
                    _ => refusal,
                }
            }
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Error {
    pub(super) fn kms(code: Code, text: impl Into<Text>) -> Self {
        Self::Kms(code, text.into())
    }

    pub(super) fn validation(text: impl Into<Text>) -> Self {
        Self::Validation(text.into())
    }

    pub(super) fn not_found(text: impl Into<Text>) -> Self {
        Self::Kms(Code::NotFound, text.into())
    }

    pub(super) fn invalid_arn(text: impl Into<Text>) -> Self {
        Self::Kms(Code::InvalidArn, text.into())
    }

    /// AWS says no more than the name.
    pub(super) fn invalid_ciphertext() -> Self {
        Self::Kms(Code::InvalidCiphertext, Text::default())
    }

    pub(super) fn incorrect_key() -> Self {
        Self::Kms(
            Code::IncorrectKey,
            "The key ID in the request does not identify a CMK that can perform this operation."
                .into(),
        )
    }

    /// The key behind a ciphertext, to somebody who may not know more.
    pub(super) fn hidden_key() -> Self {
        Self::Denied(
            "The ciphertext refers to a customer master key that does not exist, does not exist \
             in this region, or you are not allowed to access."
                .to_owned(),
        )
    }

    pub(super) fn dry_run() -> Self {
        Self::Kms(
            Code::DryRunOperation,
            "The request would have succeeded, but the DryRun option is set.".into(),
        )
    }

    pub(super) fn usage(arn: &Arn, usage: &str, operation: &str) -> Self {
        Self::Kms(
            Code::InvalidKeyUsage,
            format!("{arn} key usage is {usage} which is not valid for {operation}.").into(),
        )
    }

    pub(super) fn incompatible(algorithm: &str, spec: &str) -> Self {
        Self::Kms(
            Code::InvalidKeyUsage,
            format!("Algorithm {algorithm} is incompatible with key spec {spec}.").into(),
        )
    }

    pub(super) fn origin(arn: &Arn, origin: &str) -> Self {
        Self::Kms(
            Code::UnsupportedOperation,
            format!("{arn} origin is {origin} which is not valid for this operation.").into(),
        )
    }

    pub(super) fn state(arn: &Arn, is: &str) -> Self {
        Self::Kms(Code::InvalidState, format!("{arn} is {is}.").into())
    }

    pub(super) fn disabled(arn: &Arn) -> Self {
        Self::Kms(Code::Disabled, format!("{arn} is disabled.").into())
    }

    pub(super) fn unsupported(text: impl Into<Text>) -> Self {
        Self::Kms(Code::UnsupportedOperation, text.into())
    }
}
