//! The rule that compares a secret's tags with those that it had.

use super::{
    Configured,
    checks::{Subject, Verdict, tag_rule},
};
use crate::secretsmanager::Tag;

/// The tags that the rule is about, sorted.
pub(super) fn watched(tags: &[Tag], rule: &Configured) -> Vec<Tag> {
    let keys = &rule.parameters.tags;
    let is_watched = |tag: &&Tag| keys.iter().any(|key| tag_rule(key).0 == tag.key);
    let mut found: Vec<Tag> = tags.iter().filter(is_watched).cloned().collect();
    found.sort_by(|one, other| one.key.cmp(&other.key));
    found
}

/// The tags now against those of the baseline.
pub(super) fn check(subject: &Subject<'_>, rule: &Configured) -> Verdict {
    if subject.secret.deleted_ms.is_some() {
        return Verdict::AsBefore;
    }
    let Some(before) = subject.before else {
        return Verdict::Compliant;
    };
    let now = watched(&subject.secret.tags, rule);
    if now == before.baseline {
        return Verdict::Compliant;
    }
    let of = |tags: &[Tag], key: &str| {
        let tag = tags.iter().find(|tag| tag.key == key);
        tag.map(|tag| tag.value.clone())
    };
    let mut keys: Vec<&str> = before
        .baseline
        .iter()
        .chain(&now)
        .map(|tag| tag.key.as_str())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let changes =
        keys.into_iter()
            .filter_map(|key| match (of(&before.baseline, key), of(&now, key)) {
                (Some(was), Some(is)) if was != is => {
                    Some(format!("{key}={was} became {key}={is}"))
                }
                (Some(was), None) => Some(format!("{key}={was} was removed")),
                (None, Some(is)) => Some(format!("{key}={is} was added")),
                _ => None,
            });
    let changes: Vec<String> = changes.collect();
    let causes = ["TagResource", "UntagResource"];
    Verdict::NonCompliant(subject.caused(&changes.join(", "), &causes))
}
