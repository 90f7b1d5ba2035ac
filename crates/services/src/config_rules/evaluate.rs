//! Findings as they come and go.

use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::{AccountId, Region, Timestamp};

use super::{
    Configured, access_tags,
    checks::{Subject, Verdict, unusual_deletion},
    grantees::grantees,
    notice::Notice,
    record::{Compliance, Finding},
    rule::{ACCESS_TAGS, DELETION, Watched},
    watch::Trigger,
};
use crate::{
    cloudtrail::{Event, EventTime},
    context::{Home, Services},
    secretsmanager::Secret,
    tables::{Findings, SecretPolicies, Secrets},
};

/// Attempts of one transaction against others.
const TRIES: u32 = 64;
/// A finding's `last_seen` moves in steps of this, in milliseconds.
const SEEN_MS: i64 = 60 * 60 * 1000;
/// Config's bound on annotations, in characters.
const ANNOTATION: usize = 256;
/// Findings of one resource that are read at once: there is one of each rule.
const PAGE: usize = 256;

/// A finding's key.
pub(super) type Key = (AccountId, Region, String, String);

/// A secret that rules look at.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) home: Home,
    pub(super) name: String,
    pub(super) arn: String,
}

/// What a look changes.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) put: Vec<(Key, Finding)>,
    deleted: Vec<Key>,
    pub(super) events: Vec<Event>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.put.is_empty() && self.deleted.is_empty()
    }
}

/// Judges a secret by all rules, and keeps what changes. Whether anything did.
///
/// # Errors
/// When the store fails.
pub(super) async fn evaluate(
    services: &Services,
    place: &Place,
    trigger: &Trigger,
) -> Result<bool, StoreError> {
    for _ in 0..TRIES {
        let mut tx = services.store.begin(Mode::Write).await?;
        let changes = look(services, &mut tx, place, trigger).await?;
        match commit(services, tx, &place.home, changes).await {
            Err(StoreError::Conflict) => tokio::task::yield_now().await,
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

/// Commits findings together with the records of what changed.
pub(super) async fn commit(
    services: &Services,
    mut tx: Transaction,
    home: &Home,
    changes: Changes,
) -> Result<bool, StoreError> {
    if changes.is_empty() {
        return Ok(false);
    }
    for (key, finding) in &changes.put {
        tx.put::<Findings>(key, finding)?;
    }
    for key in &changes.deleted {
        tx.delete::<Findings>(key)?;
    }
    let time = EventTime::of(services.clock.now());
    let events = changes.events.iter();
    let lines = events.map(|event| event.service_record(services, home, &time));
    tx.commit(lines.collect()).await?;
    Ok(true)
}

/// What all rules say of a secret, and what of that is new.
pub(super) async fn look(
    services: &Services,
    tx: &mut Transaction,
    place: &Place,
    trigger: &Trigger,
) -> Result<Changes, StoreError> {
    let home = place.home;
    let row = (home.account, home.region, place.name.clone());
    let secret = tx.get::<Secrets>(&row).await?;
    let secret = secret.filter(|secret| secret.arn(&home).as_str() == place.arn);
    let let_in = match &secret {
        Some(secret) if secret.has_resource_policy => match tx.get::<SecretPolicies>(&row).await? {
            Some(policy) => Some(grantees(tx, &policy.document).await?),
            None => None,
        },
        _ => None,
    };
    let prefix = (home.account, home.region, place.arn.clone());
    let known = tx.range::<Findings>(prefix, None, PAGE).await?;
    let mut changes = Changes::default();
    for rule in services.rules.iter() {
        let Watched::Secret(check) = rule.rule.watched else {
            continue;
        };
        let found = known.iter().find(|(key, _)| key.3 == rule.rule.name);
        let mut before = found.map(|(_, finding)| finding.clone());
        let verdict = match &secret {
            Some(secret) => {
                if rule.rule.name == ACCESS_TAGS {
                    begin_baseline(&mut before, secret, rule, trigger);
                }
                check(
                    &Subject {
                        home,
                        secret,
                        grantees: let_in.as_deref(),
                        now: services.clock.now(),
                        before: before.as_ref(),
                        trigger,
                    },
                    rule,
                )
            }
            // Who deleted it at once is known from the record alone.
            None if rule.rule.name == DELETION && trigger.event == "DeleteSecret" => {
                unusual_deletion(trigger, rule)
            }
            None => Verdict::NotApplicable,
        };
        let stored = found.map(|(_, finding)| finding);
        settle(services, &mut changes, place, rule, stored, before, verdict);
    }
    // Findings of rules that nobody asks any more.
    let obsolete = known.into_iter().map(|(key, _)| key);
    let obsolete = obsolete.filter(|key| services.rules.get(&key.3).is_none());
    changes.deleted.extend(obsolete);
    Ok(changes)
}

/// Notes the tags that a secret was made with, or that it has at the first look.
fn begin_baseline(
    before: &mut Option<Finding>,
    secret: &Secret,
    rule: &Configured,
    trigger: &Trigger,
) {
    let made_with = trigger
        .tags
        .as_deref()
        .filter(|_| trigger.event == "CreateSecret");
    let tags = match (made_with, &before) {
        (Some(tags), _) => tags,
        (None, Some(_)) => return,
        (None, None) => &secret.tags,
    };
    let baseline = access_tags::watched(tags, rule);
    before.get_or_insert_default().baseline = baseline;
}

/// Adds to `changes` what a verdict changes.
fn settle(
    services: &Services,
    changes: &mut Changes,
    place: &Place,
    rule: &Configured,
    stored: Option<&Finding>,
    before: Option<Finding>,
    verdict: Verdict,
) {
    let now = services.clock.now();
    let (home, id) = (place.home, place.arn.clone());
    let key = (home.account, home.region, id, rule.rule.name.to_owned());
    let (after, is_told) = turn(before.clone(), verdict, now);
    if is_told && let Some(after) = &after {
        let notice = Notice {
            home: &home,
            rule,
            resource_id: &place.arn,
            resource_arn: &place.arn,
            before: before.as_ref(),
            after,
            now,
        };
        changes.events.push(notice.event(services));
    }
    match after {
        Some(after) if stored != Some(&after) => changes.put.push((key, after)),
        _ => {}
    }
}

/// What a finding becomes, and whether others are told.
pub(super) fn turn(
    before: Option<Finding>,
    verdict: Verdict,
    now: Timestamp,
) -> (Option<Finding>, bool) {
    let now_ms = now.as_millisecond();
    let was = before.as_ref().map(Finding::status);
    let is_open = was == Some(Compliance::NonCompliant);
    match verdict {
        Verdict::NonCompliant(why) => {
            let mut finding = before.unwrap_or_default();
            finding.annotation = why.chars().take(ANNOTATION).collect();
            finding.set_status(Compliance::NonCompliant);
            finding.resolved_ms = None;
            if !is_open {
                finding.first_seen_ms = now_ms;
            }
            if !is_open || finding.last_seen_ms + SEEN_MS <= now_ms {
                finding.last_seen_ms = now_ms;
            }
            (Some(finding), !is_open)
        }
        Verdict::Compliant | Verdict::NotApplicable if is_open => {
            let resolved = before.map(|finding| {
                let mut finding = finding;
                finding.set_status(match verdict {
                    Verdict::Compliant => Compliance::Compliant,
                    _ => Compliance::NotApplicable,
                });
                finding.resolved_ms = Some(now_ms);
                finding
            });
            (resolved, true)
        }
        _ => (before, false),
    }
}

/// Why a finding cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    /// What the rule finds can only be mended.
    #[error("what this rule finds is mended, not accepted")]
    NotOfThisRule,
    /// There is none.
    #[error("there is no such finding that is NON_COMPLIANT")]
    NoFinding,
}

/// Accepts a finding: a change of tags, which are compared with those of now
/// from now on; a deletion, which was looked into.
///
/// # Errors
/// When the store fails; within, why it cannot be.
pub async fn accept(
    services: &Services,
    key: &Key,
) -> Result<Result<(), Unacceptable>, StoreError> {
    let rule = services.rules.get(&key.3);
    let rule = rule.filter(|rule| [ACCESS_TAGS, DELETION].contains(&rule.rule.name));
    let Some(rule) = rule else {
        return Ok(Err(Unacceptable::NotOfThisRule));
    };
    for _ in 0..TRIES {
        let mut tx = services.store.begin(Mode::Write).await?;
        let found = tx.get::<Findings>(key).await?;
        let open = found.filter(|finding| finding.status() == Compliance::NonCompliant);
        let Some(before) = open else {
            return Ok(Err(Unacceptable::NoFinding));
        };
        let home = Home {
            partition: services.partition,
            account: key.0,
            region: key.1,
        };
        let place = Place::of(home, &key.2);
        let mut base = before.clone();
        if rule.rule.name == ACCESS_TAGS {
            let row = (key.0, key.1, place.name.clone());
            let tags = tx.get::<Secrets>(&row).await?.map(|secret| secret.tags);
            base.baseline = access_tags::watched(&tags.unwrap_or_default(), rule);
        }
        let mut changes = Changes::default();
        settle(
            services,
            &mut changes,
            &place,
            rule,
            Some(&before),
            Some(base),
            Verdict::Compliant,
        );
        match commit(services, tx, &home, changes).await {
            Err(StoreError::Conflict) => {}
            other => return other.map(|_| Ok(())),
        }
    }
    Err(StoreError::Conflict)
}
