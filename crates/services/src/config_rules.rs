//! Rules that watch over secrets, as AWS Config's do: what a rule finds is kept
//! as a finding, and each change of compliance is told as an event.
//!
//! Rules are judged when a record tells of something that they are about
//! (`watch.rs`, which follows the audit log), and all of them now and then over
//! all secrets (`sweep.rs`, a job). Both ways end in `evaluate.rs`, where a
//! finding and the record of its change are committed together.
//!
//! | to add | write | and one line in |
//! | --- | --- | --- |
//! | a rule | its check in `checks.rs` | the table in `rule.rs` |

mod access_tags;
mod checks;
mod evaluate;
mod grantees;
mod notice;
mod record;
mod rule;
mod sweep;
mod watch;

use strongroom_types::AccountId;

pub use self::{
    evaluate::{Unacceptable, accept},
    record::{Compliance, Finding},
    rule::{Criticality, RULES, Rule, find},
    sweep::{schedule, sweep},
    watch::watch,
};

/// The rules that are switched on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules(Vec<Configured>);

/// A rule that is switched on.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    /// The rule.
    pub rule: &'static Rule,
    /// How much its findings matter.
    pub criticality: Criticality,
    /// The event endpoints that are told of its findings, whatever else they
    /// want; those that want them without.
    pub target: Vec<String>,
    /// What it is to look for.
    pub parameters: Parameters,
}

/// What rules are to look for. Which rule has which is in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Tags: a key, or a key, `=` and the values that are allowed, between
    /// commas.
    pub tags: Vec<String>,
    /// Names of secrets, with `*` for any characters.
    pub secret_names: Vec<String>,
    /// Accounts.
    pub trusted_accounts: Vec<AccountId>,
    /// ARNs of users, roles or sessions, with `*` for any characters.
    pub principals: Vec<String>,
    /// ARNs of KMS keys.
    pub kms_key_arns: Vec<String>,
    /// Config's `maximumAllowedRotationFrequency`, `maxDaysSinceRotation` or
    /// `unusedForDays`.
    pub days: Option<i64>,
}

impl Rules {
    /// These, each at most once.
    #[must_use]
    pub fn new(rules: Vec<Configured>) -> Self {
        Self(rules)
    }

    /// Whether there is nothing to watch over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are switched on.
    pub fn iter(&self) -> impl Iterator<Item = &Configured> {
        self.0.iter()
    }

    fn get(&self, name: &str) -> Option<&Configured> {
        self.0
            .iter()
            .find(|configured| configured.rule.name == name)
    }
}
