/// Why a text is not a policy of the kind asked for.
///
/// The display form is the message IAM answers with (code
/// `MalformedPolicyDocument`); another service takes its own code and words.
/// What exactly was wrong is for the log: [`PolicyError::detail`].
///
/// Source: IAM API Reference, `MalformedPolicyDocument`; the messages are
/// those in use by the live service where on record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A statement has neither `Action` nor `NotAction`, or an empty one.
    #[error("Policy statement must contain actions.")]
    ActionsMissing,
    /// The text is not JSON.
    #[error("This policy contains invalid Json")]
    InvalidJson {
        /// Where and what, for the log.
        detail: String,
    },
    /// A value of a `Date…` operator is no date.
    #[error("The policy failed legacy parsing")]
    DateInvalid {
        /// The value as written.
        value: String,
    },
    /// A resource or trust policy has a statement without a principal. The
    /// message is inferred from its sibling `Has prohibited field Resource`.
    #[error("Missing required field Principal")]
    PrincipalMissing,
    /// An identity policy or service control policy names a principal.
    #[error("Policy document should not specify a principal.")]
    PrincipalProhibited,
    /// A principal of a form that the kind of policy does not know.
    #[error("Invalid principal in policy: \"{kind}\":\"{value}\"")]
    PrincipalUnsupported {
        /// `AWS`, `Service`, `Federated`, …
        kind: String,
        /// The principal as written.
        value: String,
    },
    /// A resource is neither an ARN nor `*`.
    #[error("Resource {value} must be in ARN format or \"*\".")]
    ResourceInvalid {
        /// The resource as written.
        value: String,
    },
    /// A statement has neither `Resource` nor `NotResource`, or an empty one.
    #[error("Policy statement must contain resources.")]
    ResourceMissing,
    /// A trust policy names a resource.
    #[error("Has prohibited field Resource")]
    ResourceProhibited,
    /// JSON, but not by the policy grammar.
    #[error("Syntax errors in policy.")]
    Syntax {
        /// What broke the grammar, for the log.
        detail: String,
    },
    /// A trust policy names an action of another service than STS.
    #[error("AssumeRole policy may only specify STS AssumeRole actions.")]
    TrustActionInvalid,
    /// An action or a condition key has no service prefix.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    VendorMissing {
        /// The action or key as written.
        value: String,
    },
    /// `Version` is neither `2012-10-17` nor `2008-10-17`.
    #[error("Policy document must be version 2012-10-17 or greater.")]
    VersionInvalid,
}

impl PolicyError {
    /// More than the message tells, where there is more. It may quote the
    /// policy, so it goes to the log and not into an answer.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::InvalidJson { detail } | Self::Syntax { detail } => Some(detail),
            Self::VendorMissing { value } | Self::DateInvalid { value } => Some(value),
            Self::ActionsMissing
            | Self::PrincipalMissing
            | Self::PrincipalProhibited
            | Self::PrincipalUnsupported { .. }
            | Self::ResourceInvalid { .. }
            | Self::ResourceMissing
            | Self::ResourceProhibited
            | Self::TrustActionInvalid
            | Self::VersionInvalid => None,
        }
    }

    pub(crate) fn syntax(detail: impl Into<String>) -> Self {
        Self::Syntax {
            detail: detail.into(),
        }
    }
}
