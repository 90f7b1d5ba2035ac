//! What must be true of the rows of KMS.

use std::collections::BTreeSet;

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{StoreError, Transaction};
use strongroom_types::{AccountId, Partition, Region};

use super::{
    key_policy,
    material::{spec_of, usage_of},
    multi_region,
    record::Key,
};
use crate::{
    context::Home,
    jobs::{Job, Kind},
    scan::Scan,
    tables::{
        Jobs, KmsAliases, KmsGrantCounts, KmsGrants, KmsGrantsByGrantee, KmsGrantsByName,
        KmsGrantsByRetiring, KmsKeyUsages, KmsKeys,
    },
};

/// Adds every rule that the rows of KMS break.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn check_keys(
    partition: Partition,
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<KmsKeys>::new();
    while let Some(((account, region, id), key)) = rows.next(tx).await? {
        let home = Home {
            partition,
            account,
            region,
        };
        one_key(tx, &home, &id, &key, problems).await?;
    }
    aliases(tx, problems).await?;
    grants(tx, problems).await?;
    usages(tx, problems).await
}

async fn one_key(
    tx: &mut Transaction,
    home: &Home,
    id: &str,
    key: &Key,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let Home {
        account, region, ..
    } = *home;
    let mut problem = |text: &str| problems.push(format!("key {account}/{region}/{id} {text}"));
    match (spec_of(key), usage_of(key)) {
        (Some(spec), Some(usage)) if spec.allows(usage) => {}
        _ => problem("has a usage that its spec has not"),
    }
    if Policy::parse(&key_policy::document(home, key), PolicyKind::Key).is_err() {
        problem("has a policy that is none");
    }
    let ids: BTreeSet<_> = key.materials.iter().map(|material| &material.id).collect();
    if ids.len() != key.materials.len() || ids.iter().any(|id| id.len() != 32) {
        problem("has material without an id of its own");
    }
    if !key.external
        && (key.materials.is_empty() || key.materials.iter().any(|it| it.wrapped.is_empty()))
    {
        problem("lacks its material");
    }
    let pending = key.materials.iter().rev().skip(1);
    if pending
        .into_iter()
        .any(|material| material.pending_rotation)
    {
        problem("has material that waits for its rotation before the newest");
    }
    if key.deletion_due_ms.is_some() && key.deletion_window_days.is_none() {
        problem("is destroyed without a window");
    }
    if let Some(due_ms) = key.deletion_due_ms
        && !has_job(tx, &Job::of_key(Kind::DeleteKmsKey, home, id), due_ms).await?
    {
        problem("waits for a deletion that no job will do");
    }
    for alias in &key.aliases {
        let row = tx
            .get::<KmsAliases>(&(account, region, alias.clone()))
            .await?;
        if row.is_none_or(|row| row.target_key_id != id) {
            problem("has an alias that stands for another");
        }
    }
    if let Some(family) = &key.multi_region {
        let here = region.as_str();
        if family.primary != here && !family.replicas.iter().any(|region| region == here) {
            problem("is not of its own family");
        }
        let relatives = multi_region::relatives(tx, home, id, key).await?;
        if relatives.len() != multi_region::others(family, region).len() {
            problem("has a relative that is not there");
        }
        for (_, relative) in relatives {
            let same = relative.multi_region.as_ref() == Some(family)
                && (
                    relative.spec.as_str(),
                    relative.usage.as_str(),
                    relative.external,
                ) == (key.spec.as_str(), key.usage.as_str(), key.external)
                && relative.public_key == key.public_key;
            let known: BTreeSet<_> = relative.materials.iter().map(|it| &it.id).collect();
            if !same || !key.external && known != ids {
                problem("is not as its relatives are");
            }
        }
    }
    Ok(())
}

/// Whether a job is there that was due at a time: at it, or later, if a worker
/// has claimed it.
async fn has_job(tx: &mut Transaction, job: &Job, due_ms: i64) -> Result<bool, StoreError> {
    let (due, id) = job.key(due_ms);
    if tx.get::<Jobs>(&(due, id.clone())).await?.is_some() {
        return Ok(true);
    }
    let mut rows = Scan::<Jobs>::new();
    while let Some(((at, known), _)) = rows.next(tx).await? {
        if at >= due && known == id {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn aliases(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<KmsAliases>::new();
    while let Some(((account, region, name), alias)) = rows.next(tx).await? {
        let key = (account, region, alias.target_key_id);
        match tx.get::<KmsKeys>(&key).await? {
            None => {
                problems.push(format!("alias {account}/{region}/{name} stands for no key"));
            }
            Some(key) if !key.aliases.contains(&name) => problems.push(format!(
                "alias {account}/{region}/{name} is unknown to its key"
            )),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Every grant has its rows, and no row is without its grant.
async fn grants(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    type KeyPlace = (AccountId, Region, String);
    let mut counts: std::collections::BTreeMap<String, (KeyPlace, u64)> = Default::default();
    let (mut retirable, mut named, mut all) = (0_usize, 0_usize, 0_usize);
    let mut rows = Scan::<KmsGrants>::new();
    while let Some(((account, region, key_id, id), grant)) = rows.next(tx).await? {
        let place = (account, region, key_id.clone());
        let at = format!("{account}/{region}/{key_id}");
        all += 1;
        counts.entry(at.clone()).or_insert((place.clone(), 0)).1 += 1;
        let key = tx.get::<KmsKeys>(&place).await?;
        if key.is_none_or(|key| !key.has_grants) {
            problems.push(format!("grant {at}/{id} is of no key that knows of it"));
        }
        let by_grantee = (account, region, key_id.clone(), grant.grantee, id.clone());
        if tx.get::<KmsGrantsByGrantee>(&by_grantee).await?.is_none() {
            problems.push(format!("grant {at}/{id} is not found by its grantee"));
        }
        if !grant.retiring.is_empty() {
            retirable += 1;
            let by_retiring = (region, grant.retiring, account, key_id.clone(), id.clone());
            if tx.get::<KmsGrantsByRetiring>(&by_retiring).await?.is_none() {
                problems.push(format!("grant {at}/{id} is not found by who may retire it"));
            }
        }
        if !grant.name.is_empty() {
            named += 1;
            let prefix = (account, region, key_id, grant.name);
            let names = tx
                .range::<KmsGrantsByName>(prefix, None, usize::MAX)
                .await?;
            if !names.iter().any(|(_, name)| name.grant_id == id) {
                problems.push(format!("grant {at}/{id} is not found by its name"));
            }
        }
    }
    for (at, (place, count)) in counts {
        let counted = tx.get::<KmsGrantCounts>(&place).await?.unwrap_or_default();
        if counted.count != count {
            problems.push(format!(
                "key {at} counts {} grants of {count}",
                counted.count
            ));
        }
    }
    let lengths = [
        (
            "grantee",
            tx.range::<KmsGrantsByGrantee>((), None, usize::MAX)
                .await?
                .len(),
            all,
        ),
        (
            "retiring principal",
            tx.range::<KmsGrantsByRetiring>((), None, usize::MAX)
                .await?
                .len(),
            retirable,
        ),
        (
            "name",
            tx.range::<KmsGrantsByName>((), None, usize::MAX)
                .await?
                .len(),
            named,
        ),
    ];
    for (how, found, expected) in lengths {
        if found != expected {
            problems.push(format!("{found} grants are found by {how}, of {expected}"));
        }
    }
    Ok(())
}

async fn usages(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<KmsKeyUsages>::new();
    while let Some((place, _)) = rows.next(tx).await? {
        if tx.get::<KmsKeys>(&place).await?.is_none() {
            let (account, region, id) = place;
            problems.push(format!(
                "key {account}/{region}/{id} was used and is not there"
            ));
        }
    }
    Ok(())
}
