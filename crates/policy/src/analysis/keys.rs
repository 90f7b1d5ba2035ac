/// What a condition key that tells callers apart is like, and with it which
/// values of it are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An ARN: fixed with its account.
    Arn,
    /// An address: fixed as blocks that are not too wide.
    Address,
    /// A single name: fixed as a whole.
    Name,
    /// Paths `o-…/r-…/ou-…/`, several: fixed with the organization.
    Paths,
    /// `AROA…:session` and the like: fixed with the id before the colon.
    UserId,
}

/// The keys, in lower case. Each value of them belongs to one account,
/// organization, network or resource, so that a stranger cannot have it.
///
/// Source: Amazon S3 User Guide, "The meaning of public"; IAM Access Analyzer,
/// keys that make access not public. Not in the list: what any account can
/// give itself, such as tags and names, and what tells nothing of the caller.
const KEYS: &[(&str, Kind)] = &[
    ("aws:ec2instancesourcevpc", Kind::Name),
    ("aws:principalaccount", Kind::Name),
    ("aws:principalarn", Kind::Arn),
    ("aws:principalorgid", Kind::Name),
    ("aws:principalorgpaths", Kind::Paths),
    ("aws:sourceaccount", Kind::Name),
    ("aws:sourcearn", Kind::Arn),
    ("aws:sourceip", Kind::Address),
    ("aws:sourceorgid", Kind::Name),
    ("aws:sourceorgpaths", Kind::Paths),
    ("aws:sourceowner", Kind::Name),
    ("aws:sourcevpc", Kind::Name),
    ("aws:sourcevpce", Kind::Name),
    ("aws:userid", Kind::UserId),
    ("aws:vpceaccount", Kind::Name),
    ("aws:vpceorgid", Kind::Name),
    ("aws:vpceorgpaths", Kind::Paths),
    ("kms:calleraccount", Kind::Name),
];

impl Kind {
    /// The kind of a key in lower case, if it tells callers apart.
    pub(crate) fn of(key: &str) -> Option<Self> {
        let (_, kind) = KEYS.iter().find(|(known, _)| *known == key)?;
        Some(*kind)
    }

    /// Whether a request may have several values of the key.
    pub(crate) fn is_multivalued(self) -> bool {
        self == Self::Paths
    }
}
