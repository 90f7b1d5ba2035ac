use jiff::{SignedDuration, Timestamp};

use crate::date;

/// Why a request is not accepted as signed. Displays as the message that AWS
/// sends, trailing spaces included.
///
/// Source: recorded replies of JSON-protocol services; `TooLarge`,
/// `HeaderNotSigned` and `InvalidExpires` have no record and are worded here
/// after their neighbours and after S3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Signed in the header and in the query at once.
    #[error(
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    )]
    BothForms,
    /// The credential does not have five elements.
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. \
         keyid/date/region/service/term, got '{credential}'"
    )]
    CredentialShape {
        /// The credential as sent.
        credential: String,
    },
    /// The date cannot be read.
    #[error(
        "Date must be in ISO-8601 'basic format'. Got '{date}'. \
         See http://en.wikipedia.org/wiki/ISO_8601"
    )]
    DateFormat {
        /// The date as sent.
        date: String,
    },
    /// Signed too long ago.
    #[error(
        "Signature expired: {} is now earlier than {} ({} - {}.)",
        date::basic(*signed_at), date::basic(date::minus(*now, *window)),
        date::basic(*now), date::window(*window)
    )]
    Expired {
        /// The date of the signature.
        signed_at: Timestamp,
        /// The time of the check.
        now: Timestamp,
        /// How long the signature was good for.
        window: SignedDuration,
    },
    /// An `X-Amz-*` header is present but not signed.
    #[error("'{name}' must be a 'SignedHeader' in the AWS Authorization.")]
    HeaderNotSigned {
        /// The header's name as sent.
        name: String,
    },
    /// The host is not signed.
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    /// Parameters are missing; one sentence for each and a closing one.
    #[error("{message}")]
    Incomplete {
        /// The whole message.
        message: String,
    },
    /// `X-Amz-Expires` is not a number from 1 to 604800.
    #[error("{message}")]
    InvalidExpires {
        /// The whole message.
        message: &'static str,
    },
    /// A part of the `Authorization` header has no `=`.
    #[error(
        "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: \
         '{authorization}'."
    )]
    MalformedPair {
        /// The part without `=`.
        part: String,
        /// The header as sent.
        authorization: String,
    },
    /// Not signed, or not with anything of AWS's.
    #[error("Request is missing Authentication Token")]
    MissingAuthenticationToken,
    /// The signature is not that of this request under this key.
    #[error(
        "The request signature we calculated does not match the signature you provided. \
         Check your AWS Secret Access Key and signing method. \
         Consult the service documentation for details."
    )]
    Mismatch,
    /// Signed in the future.
    #[error(
        "Signature not yet current: {} is still later than {} ({} + {}.)",
        date::basic(*signed_at), date::basic(date::plus(*now, date::SKEW)),
        date::basic(*now), date::window(date::SKEW)
    )]
    NotYetCurrent {
        /// The date of the signature.
        signed_at: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// The credential is for another place; one sentence for each difference.
    #[error("{message}")]
    Scope {
        /// The whole message.
        message: String,
    },
    /// Past a bound of this crate.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The most that is allowed.
        limit: usize,
    },
    /// An algorithm other than `AWS4-HMAC-SHA256`.
    #[error("Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now). ")]
    UnsupportedAlgorithm {
        /// The algorithm as sent.
        algorithm: String,
    },
}

/// The three exceptions that a bad signature can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Something that was said about the signature cannot be read.
    IncompleteSignature,
    /// The signature can be read and is not accepted.
    InvalidSignature,
    /// There is no signature.
    MissingAuthenticationToken,
}

impl SignatureError {
    /// The exception to answer with.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::CredentialShape { .. }
            | Self::DateFormat { .. }
            | Self::Incomplete { .. }
            | Self::InvalidExpires { .. }
            | Self::MalformedPair { .. }
            | Self::TooLarge { .. }
            | Self::UnsupportedAlgorithm { .. } => ErrorKind::IncompleteSignature,
            Self::BothForms
            | Self::Expired { .. }
            | Self::HeaderNotSigned { .. }
            | Self::HostNotSigned
            | Self::Mismatch
            | Self::NotYetCurrent { .. }
            | Self::Scope { .. } => ErrorKind::InvalidSignature,
            Self::MissingAuthenticationToken => ErrorKind::MissingAuthenticationToken,
        }
    }

    /// The error's name in the JSON protocols.
    #[must_use]
    pub fn json_code(&self) -> &'static str {
        self.kind().codes().0
    }

    /// The error's name in the Query and REST-XML protocols.
    #[must_use]
    pub fn query_code(&self) -> &'static str {
        self.kind().codes().1
    }

    /// The HTTP status in the Query and REST-XML protocols. AWS JSON answers
    /// 400 and REST-JSON 403 whatever the error.
    #[must_use]
    pub fn query_status(&self) -> u16 {
        self.kind().codes().2
    }
}

impl ErrorKind {
    /// JSON code, Query code, HTTP status with the Query code.
    fn codes(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::IncompleteSignature => {
                ("IncompleteSignatureException", "IncompleteSignature", 400)
            }
            Self::InvalidSignature => ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
            Self::MissingAuthenticationToken => (
                "MissingAuthenticationTokenException",
                "MissingAuthenticationToken",
                403,
            ),
        }
    }
}
