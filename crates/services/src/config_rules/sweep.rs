//! All rules over all secrets, now and then: a job that goes on where it was.

use std::collections::BTreeSet;

use strongroom_store::{Mode, StoreError};
use strongroom_types::{AccountId, Arn, Region, Timestamp};

use super::{
    Configured,
    checks::Verdict,
    evaluate::{Changes, Key, Place, commit, evaluate, look, turn},
    notice::Notice,
    record::{Compliance, Finding},
    rule::Watched,
    watch::Trigger,
};
use crate::{
    context::{Home, Services},
    jobs::{Claimed, Job, Kind},
    scan::{Scan, page},
    tables::{Findings, Jobs, KmsKeys, Secrets},
};

/// Secrets that one run of the job looks at, and from one run to the next, in
/// milliseconds: other work comes in between.
const ROUND: usize = 1000;
const BREATH_MS: i64 = 1000;
/// Secrets read in one transaction.
const PAGE: usize = 100;
/// From the end of one sweep to the next, in milliseconds.
const PAUSE_MS: i64 = 60 * 60 * 1000;
/// How long a finding is kept that was resolved, in milliseconds.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Attempts of one transaction against others.
const TRIES: u32 = 64;

/// Makes a sweep due now, and the only one there is; none if there is nothing
/// to do. To be called at start: rules may be others than before.
///
/// # Errors
/// When the store fails.
pub async fn schedule(services: &Services) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        match reschedule(services).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

async fn reschedule(services: &Services) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    let mut rows = Scan::<Jobs>::new();
    while let Some((key, job)) = rows.next(&mut tx).await? {
        if job.kind == i32::from(Kind::EvaluateRules) {
            tx.delete::<Jobs>(&key)?;
        }
    }
    // What rules found that are switched off is cleared away.
    let was_found = !tx.range::<Findings>((), None, 1).await?.is_empty();
    if was_found || !services.rules.is_empty() {
        let job = Job::evaluate_rules(None);
        let now_ms = services.clock.now().as_millisecond();
        tx.put::<Jobs>(&job.key(now_ms), &job)?;
    }
    tx.commit(Vec::new()).await.map(drop)
}

/// Looks at some secrets, and comes back for the rest.
///
/// # Errors
/// When the store fails; it will be tried again.
pub async fn sweep(
    services: &Services,
    claimed: &Claimed,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut last = claimed.job.place_of_sweep();
    let mut left = ROUND;
    let mut is_done = services.rules.is_empty();
    while left > 0 && !is_done {
        let mut tx = services.store.begin(Mode::Read).await?;
        let rows = tx.range::<Secrets>((), last.as_ref(), PAGE).await?;
        is_done = rows.len() < PAGE;
        for (row, secret) in rows {
            let home = Home {
                partition: services.partition,
                account: row.0,
                region: row.1,
            };
            let place = Place::of(home, secret.arn(&home).as_str());
            last = Some(row);
            left = left.saturating_sub(1);
            // Most are as they were.
            let changes = look(services, &mut tx, &place, &Trigger::default()).await?;
            if !changes.is_empty() {
                evaluate(services, &place, &Trigger::default()).await?;
            }
        }
    }
    if is_done {
        finish(services, now).await?;
    }
    let mut tx = services.store.begin(Mode::Write).await?;
    if tx.get::<Jobs>(&claimed.key).await?.is_none() {
        return Ok(());
    }
    tx.delete::<Jobs>(&claimed.key)?;
    if !services.rules.is_empty() {
        let (job, due) = match is_done {
            true => (Job::evaluate_rules(None), now.as_millisecond() + PAUSE_MS),
            false => (
                Job::evaluate_rules(last.as_ref()),
                now.as_millisecond() + BREATH_MS,
            ),
        };
        tx.put::<Jobs>(&job.key(due), &job)?;
    }
    tx.commit(Vec::new()).await.map(drop)
}

/// Looks at keys, and at findings of what is gone.
async fn finish(services: &Services, now: Timestamp) -> Result<(), StoreError> {
    let mut last: Option<Key> = None;
    loop {
        let mut tx = services.store.begin(Mode::Read).await?;
        let rows = page::<Findings>(&mut tx, &mut last).await?;
        if rows.is_empty() {
            break;
        }
        let mut before: Option<String> = None;
        for (key, finding) in rows {
            if is_old(&finding, now) || services.rules.get(&key.3).is_none() {
                forget(services, &key).await?;
            } else if before.as_ref() != Some(&key.2) && key.2.starts_with("arn:") {
                let home = Home {
                    partition: services.partition,
                    account: key.0,
                    region: key.1,
                };
                let place = Place::of(home, &key.2);
                if !exists(&mut tx, &place).await? {
                    evaluate(services, &place, &Trigger::default()).await?;
                    if finding.first_seen_ms == 0 {
                        forget(services, &key).await?;
                    }
                }
            }
            before = Some(key.2);
        }
    }
    keys(services).await
}

async fn exists(tx: &mut strongroom_store::Transaction, place: &Place) -> Result<bool, StoreError> {
    let home = place.home;
    let row = (home.account, home.region, place.name.clone());
    let secret = tx.get::<Secrets>(&row).await?;
    Ok(secret.is_some_and(|secret| secret.arn(&home).as_str() == place.arn))
}

fn is_old(finding: &Finding, now: Timestamp) -> bool {
    finding.status() != Compliance::NonCompliant
        && finding
            .resolved_ms
            .is_some_and(|resolved| resolved + KEPT_MS < now.as_millisecond())
}

async fn forget(services: &Services, key: &Key) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    tx.delete::<Findings>(key)?;
    tx.commit(Vec::new()).await.map(drop)
}

/// Looks at the keys that wait for their deletion, and at those that did.
async fn keys(services: &Services) -> Result<(), StoreError> {
    let Some(rule) = key_rule(services) else {
        return Ok(());
    };
    let mut wanted: BTreeSet<(AccountId, Region, String)> = BTreeSet::new();
    let mut tx = services.store.begin(Mode::Read).await?;
    let mut rows = Scan::<KmsKeys>::new();
    while let Some((row, key)) = rows.next(&mut tx).await? {
        if key.deletion_window_days.is_some() {
            wanted.insert(row);
        }
    }
    let mut rows = Scan::<Findings>::new();
    while let Some(((account, region, id, name), _)) = rows.next(&mut tx).await? {
        if name == rule.rule.name {
            wanted.insert((account, region, id));
        }
    }
    drop(tx);
    for (account, region, id) in wanted {
        let home = Home {
            partition: services.partition,
            account,
            region,
        };
        let arn = home.arn("kms", format_args!("key/{id}"));
        evaluate_key(services, &arn).await?;
    }
    Ok(())
}

fn key_rule(services: &Services) -> Option<&Configured> {
    let mut rules = services.rules.iter();
    rules.find(|rule| matches!(rule.rule.watched, Watched::Key))
}

/// Judges a key by the rule about keys. Whether that changed a finding.
///
/// # Errors
/// When the store fails.
pub(super) async fn evaluate_key(services: &Services, arn: &Arn) -> Result<bool, StoreError> {
    let (Some(rule), Some(id)) = (key_rule(services), arn.resource().strip_prefix("key/")) else {
        return Ok(false);
    };
    let (Ok(account), Ok(region)) = (arn.account().parse(), arn.region().parse()) else {
        return Ok(false);
    };
    let home = Home {
        partition: services.partition,
        account,
        region,
    };
    for _ in 0..TRIES {
        let mut tx = services.store.begin(Mode::Read).await?;
        let row = tx.get::<KmsKeys>(&(account, region, id.to_owned())).await?;
        let verdict = match row {
            None => Verdict::NotApplicable,
            Some(key) if key.deletion_window_days.is_none() => Verdict::Compliant,
            Some(_) => match secrets_under(services, arn.as_str()).await? {
                0 => Verdict::Compliant,
                1 => Verdict::NonCompliant("A secret is under the key.".to_owned()),
                count => Verdict::NonCompliant(format!("{count} secrets are under the key.")),
            },
        };
        drop(tx);
        let mut tx = services.store.begin(Mode::Write).await?;
        let key = (account, region, id.to_owned(), rule.rule.name.to_owned());
        let before = tx.get::<Findings>(&key).await?;
        let now = services.clock.now();
        let (after, is_told) = turn(before.clone(), verdict, now);
        let mut changes = Changes::default();
        if let Some(after) = after.filter(|after| before.as_ref() != Some(after)) {
            let notice = Notice {
                home: &home,
                rule,
                resource_id: id,
                resource_arn: arn.as_str(),
                before: before.as_ref(),
                after: &after,
                now,
            };
            if is_told {
                changes.events.push(notice.event(services));
            }
            changes.put.push((key, after));
        }
        match commit(services, tx, &home, changes).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

/// How many secrets have a version that only this key opens.
async fn secrets_under(services: &Services, arn: &str) -> Result<usize, StoreError> {
    let mut tx = services.store.begin(Mode::Read).await?;
    let mut count = 0;
    let mut rows = Scan::<Secrets>::new();
    while let Some((_, secret)) = rows.next(&mut tx).await? {
        let mut versions = secret.versions.iter();
        if versions.any(|version| version.kms_key_id.as_deref() == Some(arn)) {
            count += 1;
        }
    }
    Ok(count)
}
