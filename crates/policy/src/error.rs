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
    /// An action has more than one colon.
    #[error("Actions/Condition can contain only one colon.")]
    ColonsInvalid {
        /// The action as written.
        value: String,
    },
    /// A trust policy names an identity provider by neither an ARN nor a host.
    #[error("Federated principals must be valid domain names or SAML metadata ARNs")]
    FederatedInvalid {
        /// The provider as written.
        value: String,
    },
    /// A resource of IAM's is of no kind that IAM has.
    #[error(
        "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, \
         group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, \
         oidc-provider/, report/, access-report/."
    )]
    IamPathInvalid {
        /// The resource as written.
        value: String,
    },
    /// A resource of IAM's names a Region.
    #[error("IAM resource {value} cannot contain region information.")]
    IamRegionProhibited {
        /// The resource as written.
        value: String,
    },
    /// The text is not JSON.
    #[error("This policy contains invalid Json")]
    InvalidJson {
        /// Where and what, for the log.
        detail: String,
    },
    /// A value of a condition is no date, address, number or ARN where it has to
    /// be one, an effect is written in other letters than `Allow` and `Deny`, or
    /// an ARN lacks what is in its middle.
    #[error("The policy failed legacy parsing")]
    LegacyParsing {
        /// The value as written.
        value: String,
    },
    /// A trust policy lets everybody in but those it names.
    #[error("Allow with NotPrincipal is not allowed.")]
    NotPrincipalProhibited,
    /// A resource is of no partition of AWS's.
    #[error("Partition \"{partition}\" is not valid for resource \"{resource}\".")]
    PartitionInvalid {
        /// The partition as written.
        partition: String,
        /// The resource as it was understood.
        resource: String,
    },
    /// A resource or trust policy has a statement without a principal. The
    /// message is inferred from its sibling `Has prohibited field Resource`.
    #[error("Missing required field Principal")]
    PrincipalMissing,
    /// An identity policy or service control policy names a principal.
    #[error("Policy document should not specify a principal.")]
    PrincipalProhibited,
    /// The principal of a trust policy is `*`, which has to be
    /// `{"AWS": "*"}` there.
    #[error("AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".")]
    PrincipalStarProhibited,
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
    /// A resource names no service, or one with wildcards.
    #[error("Resource vendor must be fully qualified and cannot contain regexes.")]
    ResourceVendorInvalid {
        /// The resource as written.
        value: String,
    },
    /// A trust policy names a resource.
    #[error("Has prohibited field Resource")]
    ResourceProhibited,
    /// Two statements have the same `Sid`.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    SidDuplicate {
        /// The `Sid`.
        value: String,
    },
    /// A `Sid` has other characters than letters and digits.
    #[error(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular \
         expression [0-9A-Za-z]*"
    )]
    SidInvalid {
        /// The `Sid`.
        value: String,
    },
    /// JSON, but not by the policy grammar.
    #[error("Syntax errors in policy.")]
    Syntax {
        /// What broke the grammar, for the log.
        detail: String,
    },
    /// A trust policy names an action that is not one of those by which STS
    /// makes sessions.
    #[error("AssumeRole policy may only specify STS AssumeRole actions.")]
    TrustActionInvalid,
    /// The service prefix of an action has characters that none has.
    #[error("Vendor {value} is not valid")]
    VendorInvalid {
        /// The prefix as written.
        value: String,
    },
    /// An action has no service prefix.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    VendorMissing {
        /// The action as written.
        value: String,
    },
    /// The service prefix of an action has wildcards.
    #[error("Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.")]
    VendorWildcard {
        /// The action as written.
        value: String,
    },
    /// A managed policy is not of the version `2012-10-17`.
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
            Self::ColonsInvalid { value }
            | Self::FederatedInvalid { value }
            | Self::IamPathInvalid { value }
            | Self::LegacyParsing { value }
            | Self::ResourceVendorInvalid { value }
            | Self::SidDuplicate { value }
            | Self::SidInvalid { value }
            | Self::VendorMissing { value }
            | Self::VendorWildcard { value } => Some(value),
            Self::ActionsMissing
            | Self::IamRegionProhibited { .. }
            | Self::NotPrincipalProhibited
            | Self::PartitionInvalid { .. }
            | Self::PrincipalMissing
            | Self::PrincipalProhibited
            | Self::PrincipalStarProhibited
            | Self::PrincipalUnsupported { .. }
            | Self::ResourceInvalid { .. }
            | Self::ResourceMissing
            | Self::ResourceProhibited
            | Self::TrustActionInvalid
            | Self::VendorInvalid { .. }
            | Self::VersionInvalid => None,
        }
    }

    /// Of several errors in a document IAM tells of the one with the lowest
    /// rank, and of those the first.
    ///
    /// Source: recorded answers of `CreatePolicy`; that principals come last is
    /// inferred.
    fn rank(&self) -> u8 {
        match self {
            Self::InvalidJson { .. } | Self::Syntax { .. } => 0,
            Self::VersionInvalid => 1,
            Self::LegacyParsing { .. } => 2,
            Self::SidDuplicate { .. } | Self::SidInvalid { .. } => 3,
            Self::ActionsMissing => 4,
            Self::IamPathInvalid { .. }
            | Self::IamRegionProhibited { .. }
            | Self::PartitionInvalid { .. }
            | Self::ResourceInvalid { .. }
            | Self::ResourceVendorInvalid { .. } => 5,
            Self::ColonsInvalid { .. }
            | Self::TrustActionInvalid
            | Self::VendorInvalid { .. }
            | Self::VendorMissing { .. }
            | Self::VendorWildcard { .. } => 6,
            Self::ResourceMissing | Self::ResourceProhibited => 7,
            Self::FederatedInvalid { .. }
            | Self::NotPrincipalProhibited
            | Self::PrincipalMissing
            | Self::PrincipalProhibited
            | Self::PrincipalStarProhibited
            | Self::PrincipalUnsupported { .. } => 8,
        }
    }

    /// The error of several that IAM tells of; nothing if there are none.
    pub(crate) fn first(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        errors.into_iter().min_by_key(Self::rank)
    }

    pub(crate) fn syntax(detail: impl Into<String>) -> Self {
        Self::Syntax {
            detail: detail.into(),
        }
    }
}
