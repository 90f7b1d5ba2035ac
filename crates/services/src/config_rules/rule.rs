//! All rules there are.
//!
//! Names that AWS Config has managed rules for are AWS's, and mean what they
//! mean there. Source: AWS Config Developer Guide, "List of AWS Config Managed
//! Rules"; Secrets Manager User Guide, "Audit secrets for compliance".

use super::{
    Configured, access_tags,
    checks::{self, Subject, Verdict},
};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Criticality {
    /// To be looked at some time.
    Low,
    /// To be mended.
    Medium,
    /// To be mended soon.
    High,
    /// Somebody should be woken.
    Critical,
}

impl Criticality {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As findings have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// A rule.
#[derive(Debug, PartialEq)]
pub struct Rule {
    /// Its name, AWS Config's if that has one.
    pub name: &'static str,
    /// What it finds.
    pub finds: &'static str,
    /// How much that matters, if nobody says otherwise.
    pub criticality: Criticality,
    /// The keys of the configuration that it takes.
    pub parameters: &'static [&'static str],
    /// Whether it means nothing without the first of them.
    pub needs_parameter: bool,
    /// What it looks at.
    pub(super) watched: Watched,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Watched {
    /// KMS keys that secrets are under.
    Key,
    /// Secrets.
    Secret(fn(&Subject<'_>, &Configured) -> Verdict),
}

impl PartialEq for Watched {
    fn eq(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Key, Self::Key) | (Self::Secret(_), Self::Secret(_))
        )
    }
}

impl Rule {
    /// The type of the resources that it looks at.
    #[must_use]
    pub fn resource_type(&self) -> &'static str {
        match self.watched {
            Watched::Key => "AWS::KMS::Key",
            Watched::Secret(_) => "AWS::SecretsManager::Secret",
        }
    }
}

/// The rule of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The rule that compares with what was there before.
pub(super) const ACCESS_TAGS: &str = "secretsmanager-access-tags-unchanged";
/// The rule about those who delete.
pub(super) const DELETION: &str = "secretsmanager-deletion-by-usual-principal";

/// All of them.
pub const RULES: &[Rule] = &[
    Rule {
        name: "kms-cmk-not-scheduled-for-deletion",
        finds: "a key that secrets are under is scheduled for deletion",
        criticality: Criticality::Critical,
        parameters: &[],
        needs_parameter: false,
        watched: Watched::Key,
    },
    Rule {
        name: "required-tags",
        finds: "a secret was created, or is, without the required tags",
        criticality: Criticality::Low,
        parameters: &["tags"],
        needs_parameter: true,
        watched: Watched::Secret(checks::required_tags),
    },
    Rule {
        name: ACCESS_TAGS,
        finds: "tags that decide about access were added, changed or removed",
        criticality: Criticality::High,
        parameters: &["tags"],
        needs_parameter: true,
        watched: Watched::Secret(access_tags::check),
    },
    Rule {
        name: DELETION,
        finds: "a secret was deleted by the root user or somebody unusual",
        criticality: Criticality::Critical,
        parameters: &["principals"],
        needs_parameter: false,
        watched: Watched::Secret(checks::deletion),
    },
    Rule {
        name: "secretsmanager-resource-policy-allowed",
        finds: "a secret has a resource policy that may have none",
        criticality: Criticality::Medium,
        parameters: &["secret_names"],
        needs_parameter: false,
        watched: Watched::Secret(checks::resource_policy),
    },
    Rule {
        name: "secretsmanager-resource-policy-no-foreign-account",
        finds: "a resource policy lets in another account, or anyone",
        criticality: Criticality::High,
        parameters: &["trusted_accounts"],
        needs_parameter: false,
        watched: Watched::Secret(checks::foreign_account),
    },
    Rule {
        name: "secretsmanager-rotation-enabled-check",
        finds: "a secret does not rotate, or too seldom",
        criticality: Criticality::Medium,
        parameters: &["maximum_allowed_rotation_frequency"],
        needs_parameter: false,
        watched: Watched::Secret(checks::rotation_enabled),
    },
    Rule {
        name: "secretsmanager-scheduled-rotation-success-check",
        finds: "a rotation failed, or is overdue",
        criticality: Criticality::High,
        parameters: &[],
        needs_parameter: false,
        watched: Watched::Secret(checks::rotation_succeeds),
    },
    Rule {
        name: "secretsmanager-secret-periodic-rotation",
        finds: "a secret was not rotated for so many days",
        criticality: Criticality::Medium,
        parameters: &["max_days_since_rotation"],
        needs_parameter: false,
        watched: Watched::Secret(checks::periodic_rotation),
    },
    Rule {
        name: "secretsmanager-secret-unused",
        finds: "a secret was not read for so many days",
        criticality: Criticality::Low,
        parameters: &["unused_for_days"],
        needs_parameter: false,
        watched: Watched::Secret(checks::unused),
    },
    Rule {
        name: "secretsmanager-using-cmk",
        finds: "a secret is not under a customer managed key, or not under one of these",
        criticality: Criticality::Medium,
        parameters: &["kms_key_arns"],
        needs_parameter: false,
        watched: Watched::Secret(checks::customer_managed_key),
    },
];
