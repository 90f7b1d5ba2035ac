//! What each rule asks of a secret.

use strongroom_types::Timestamp;

use super::{Configured, grantees::Grantee, record::Finding, watch::Trigger};
use crate::{
    context::Home,
    events::Wildcard,
    secretsmanager::{AWSCURRENT, Secret},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Config's defaults of `maxDaysSinceRotation` and `unusedForDays`.
const USUAL_DAYS: i64 = 90;

/// A secret, as rules look at it.
pub(super) struct Subject<'a> {
    pub(super) home: Home,
    pub(super) secret: &'a Secret,
    /// Whom its resource policy lets in; nothing without a policy.
    pub(super) grantees: Option<&'a [Grantee]>,
    pub(super) now: Timestamp,
    /// What the rule found before.
    pub(super) before: Option<&'a Finding>,
    /// What the look was caused by.
    pub(super) trigger: &'a Trigger,
}

/// What a rule says of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Compliant,
    /// And why.
    NonCompliant(String),
    NotApplicable,
    /// Nothing that changes what was said before.
    AsBefore,
}

impl Subject<'_> {
    /// Verdicts on secrets that somebody still means to use.
    fn alive(&self, judge: impl FnOnce() -> Option<String>) -> Verdict {
        if self.secret.deleted_ms.is_some() {
            return Verdict::NotApplicable;
        }
        judge().map_or(Verdict::Compliant, Verdict::NonCompliant)
    }

    fn days_since(&self, ms: i64) -> i64 {
        (self.now.as_millisecond() - ms).div_euclid(DAY_MS)
    }

    /// What was found, with who caused it, if one of these calls did. A later
    /// look at the same does not know, and leaves what was said.
    pub(super) fn caused(&self, found: &str, causes: &[&str]) -> String {
        let Trigger { event, by, .. } = self.trigger;
        if let Some(by) = by.as_deref().filter(|_| causes.contains(&event.as_str())) {
            return format!("{found}, after {event} by {by}.");
        }
        let before = self.before.map(|before| &before.annotation);
        let said = before.filter(|said| said.starts_with(&format!("{found}, after ")));
        said.map_or_else(|| format!("{found}."), Clone::clone)
    }

    /// The value of a tag.
    fn tag(&self, key: &str) -> Option<&str> {
        let tag = self.secret.tags.iter().find(|tag| tag.key == key)?;
        Some(&tag.value)
    }
}

/// A key, and the values that are allowed; any if there are none.
pub(super) fn tag_rule(text: &str) -> (&str, Vec<&str>) {
    match text.split_once('=') {
        Some((key, values)) => (key.trim(), values.split(',').map(str::trim).collect()),
        None => (text.trim(), Vec::new()),
    }
}

pub(super) fn required_tags(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    subject.alive(|| {
        let wrong: Vec<String> = rule
            .parameters
            .tags
            .iter()
            .filter_map(|text| {
                let (key, values) = tag_rule(text);
                match subject.tag(key) {
                    None => Some(format!("has no tag {key}")),
                    Some(value) if values.is_empty() || values.contains(&value) => None,
                    Some(value) => Some(format!("has {key}={value}")),
                }
            })
            .collect();
        (!wrong.is_empty()).then(|| format!("The secret {}.", wrong.join(", ")))
    })
}

pub(super) fn resource_policy(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    subject.alive(|| {
        let name = &subject.secret.name;
        let is_allowed = rule
            .parameters
            .secret_names
            .iter()
            .any(|pattern| matches(pattern, name));
        (subject.grantees.is_some() && !is_allowed)
            .then(|| subject.caused("The secret has a resource policy", &["PutResourcePolicy"]))
    })
}

pub(super) fn foreign_account(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    subject.alive(|| {
        let trusted = &rule.parameters.trusted_accounts;
        let is_foreign = |grantee: &&Grantee| {
            let own = |account| account == subject.home.account || trusted.contains(&account);
            !grantee.account.is_some_and(own)
        };
        let foreign: Vec<&str> = subject
            .grantees
            .unwrap_or_default()
            .iter()
            .filter(is_foreign)
            .map(|grantee| grantee.text.as_str())
            .collect();
        (!foreign.is_empty())
            .then(|| format!("The resource policy lets in {}.", foreign.join(", ")))
    })
}

pub(super) fn rotation_enabled(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    subject.alive(|| {
        let rotation = subject.secret.rotation.as_ref();
        let Some(rotation) = rotation.filter(|rotation| rotation.enabled) else {
            return Some("The secret does not rotate.".to_owned());
        };
        let most = rule.parameters.days?;
        let days = rotation.schedule()?.automatically_after_days();
        (days > most)
            .then(|| format!("The secret rotates every {days} days; at most {most} are allowed."))
    })
}

pub(super) fn rotation_succeeds(subject: &Subject<'_>, _: &Configured) -> Verdict {
    let rotation = subject.secret.rotation.as_ref();
    let Some(rotation) = rotation.filter(|rotation| rotation.enabled) else {
        return Verdict::NotApplicable;
    };
    subject.alive(|| {
        let running = rotation.running.as_ref();
        // What a function said is its own; it is in the record of the failure.
        if running.is_some_and(|running| running.failure.is_some()) {
            return Some("The last rotation failed.".to_owned());
        }
        let due = rotation.next_rotation_date()?;
        (due < subject.now)
            .then(|| format!("The rotation that was due until {due} has not succeeded."))
    })
}

pub(super) fn periodic_rotation(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    subject.alive(|| {
        let rotation = subject.secret.rotation.as_ref();
        let rotated = rotation.and_then(|rotation| rotation.last_rotated_ms);
        let days = subject.days_since(rotated.unwrap_or(subject.secret.created_ms));
        let most = rule.parameters.days.unwrap_or(USUAL_DAYS);
        (days > most).then(|| match rotated {
            Some(_) => format!("The secret was last rotated {days} days ago."),
            None => format!("The secret is {days} days old and was never rotated."),
        })
    })
}

pub(super) fn unused(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    subject.alive(|| {
        let read = subject.secret.last_accessed_day;
        let used = read.map(|day| day.saturating_mul(DAY_MS));
        let days = subject.days_since(used.unwrap_or(subject.secret.created_ms));
        let most = rule.parameters.days.unwrap_or(USUAL_DAYS);
        (days > most).then(|| match used {
            Some(_) => format!("The secret was last read {days} days ago."),
            None => format!("The secret is {days} days old and was never read."),
        })
    })
}

pub(super) fn customer_managed_key(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    subject.alive(|| {
        let secret = subject.secret;
        let current = secret.versions.iter().find(|version| {
            version.has_value && version.labels.iter().any(|label| label == AWSCURRENT)
        });
        // Before there is a value, what it would be under.
        let key = match current {
            Some(version) => version.kms_key_id.as_deref(),
            None => secret.kms_key_id.as_deref(),
        };
        let Some(key) = key.filter(|key| !key.ends_with("alias/aws/secretsmanager")) else {
            return Some("The secret is under the AWS managed key aws/secretsmanager.".to_owned());
        };
        let allowed = &rule.parameters.kms_key_arns;
        let is_allowed = allowed.is_empty() || allowed.iter().any(|arn| arn == key);
        (!is_allowed)
            .then(|| format!("The secret is under {key}, which is not among the allowed keys."))
    })
}

pub(super) fn deletion(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    let trigger = subject.trigger;
    if trigger.event == "DeleteSecret" {
        return unusual_deletion(trigger, rule);
    }
    match subject.secret.deleted_ms {
        Some(_) => Verdict::AsBefore,
        None => Verdict::Compliant,
    }
}

/// Whether who deleted a secret, which may be gone by now, should not have.
pub(super) fn unusual_deletion(trigger: &Trigger, rule: &Configured) -> Verdict {
    let by = trigger.by.as_deref().unwrap_or("somebody unknown");
    if trigger.is_root {
        return Verdict::NonCompliant(format!("The secret was deleted by the root user {by}."));
    }
    let usual = &rule.parameters.principals;
    let mut names = trigger.by.iter().chain(&trigger.role);
    let is_usual =
        usual.is_empty() || names.any(|name| usual.iter().any(|pattern| matches(pattern, name)));
    if is_usual {
        Verdict::Compliant
    } else {
        Verdict::NonCompliant(format!("The secret was deleted by {by}."))
    }
}

/// Patterns were checked when they were configured.
fn matches(pattern: &str, text: &str) -> bool {
    pattern
        .parse::<Wildcard>()
        .is_ok_and(|wildcard| wildcard.holds(text))
}
