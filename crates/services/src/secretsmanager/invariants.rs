use std::collections::{BTreeSet, HashSet};

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{StoreError, Transaction};
use strongroom_types::{AccountId, Partition, Region};

use super::{
    record::Secret,
    rotation,
    secret::{AWSCURRENT, MAX_LABELS, MAX_VERSIONS},
    tags::MAX_TAGS,
};
use crate::{
    context::Home,
    jobs,
    scan::Scan,
    tables::{Jobs, RotationJobs, SecretPolicies, SecretValues, Secrets},
};

/// Account, Region, name.
type SecretKey = (AccountId, Region, String);

/// Account, Region, name and suffix of secrets with a job that removes them.
type Scheduled = HashSet<(u64, String, String, String)>;

/// Checks every row of secrets, values and resource policies, in itself and
/// against the others.
pub(crate) async fn check_secrets(
    partition: Partition,
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let scheduled = scheduled(tx).await?;
    let mut rows = Scan::<Secrets>::new();
    while let Some((key, secret)) = rows.next(tx).await? {
        let (account, region, name) = &key;
        let home = Home {
            partition,
            account: *account,
            region: *region,
        };
        let arn = secret.arn(&home);
        let mut broken = broken_alone(&secret);
        if secret.name != *name {
            broken.push("its row has another's key".to_owned());
        }
        if secret.deletion_due_ms.is_some() {
            let job = (
                account.number(),
                region.to_string(),
                secret.name.clone(),
                secret.suffix.clone(),
            );
            if !scheduled.contains(&job) {
                broken.push("it waits for its deletion, and no job is there".to_owned());
            }
        }
        if !rotation_has_its_job(partition, tx, &key, &secret).await? {
            broken.push("it rotates, and no job is there".to_owned());
        }
        if tx.get::<SecretPolicies>(&key).await?.is_some() != secret.has_resource_policy {
            broken.push("it does not know whether it has a resource policy".to_owned());
        }
        values(tx, &key, &secret, &mut broken).await?;
        problems.extend(broken.iter().map(|rule| format!("secret {arn}: {rule}")));
    }
    values_of_no_secret(tx, problems).await?;
    policies_of_no_secret(tx, problems).await
}

/// What is wrong with a secret's own row.
fn broken_alone(secret: &Secret) -> Vec<String> {
    let mut broken = Vec::new();
    let mut rule = |holds: bool, text: &str| {
        if !holds {
            broken.push(text.to_owned());
        }
    };
    let versions = &secret.versions;
    let labels: Vec<&String> = versions
        .iter()
        .flat_map(|version| &version.labels)
        .collect();
    let distinct: BTreeSet<_> = labels.iter().collect();
    let ids: BTreeSet<_> = versions.iter().map(|version| &version.id).collect();
    let tags: BTreeSet<_> = secret.tags.iter().map(|tag| &tag.key).collect();
    let has_value = versions.iter().any(|version| version.has_value);
    let current = versions.iter().find(|version| version.has(AWSCURRENT));
    let last_read = versions
        .iter()
        .filter_map(|version| version.last_accessed_day)
        .max();

    rule(distinct.len() == labels.len(), "a label is on two versions");
    rule(labels.len() <= MAX_LABELS, "it has too many labels");
    rule(ids.len() == versions.len(), "two versions have the same id");
    rule(versions.len() <= MAX_VERSIONS, "it has too many versions");
    rule(
        !has_value || current.is_some_and(|version| version.has_value),
        "it has values, and none is AWSCURRENT",
    );
    rule(
        versions
            .iter()
            .all(|version| version.has_value || !version.labels.is_empty()),
        "a version has neither value nor label",
    );
    rule(
        secret.deleted_ms.is_some() == secret.deletion_due_ms.is_some(),
        "it is deleted and not deleted",
    );
    rule(
        tags.len() == secret.tags.len(),
        "two tags have the same key",
    );
    rule(secret.tags.len() <= MAX_TAGS, "it has too many tags");
    rule(
        secret.tags.is_empty() || secret.ever_tagged,
        "it has tags, and never had any",
    );
    rule(
        last_read <= secret.last_accessed_day,
        "a version was read after the secret was",
    );
    broken
}

/// Compares the versions that have values with the rows of values.
async fn values(
    tx: &mut Transaction,
    key: &SecretKey,
    secret: &Secret,
    broken: &mut Vec<String>,
) -> Result<(), StoreError> {
    let (account, region, name) = key;
    let mut expected: BTreeSet<&str> = secret
        .versions
        .iter()
        .filter(|version| version.has_value)
        .map(|version| version.id.as_str())
        .collect();
    let mut last = None;
    loop {
        let prefix = (*account, *region, name.as_str());
        // Values may be large: a few at a time.
        let rows = tx.range::<SecretValues>(prefix, last.as_ref(), 16).await?;
        for ((.., suffix, id), _) in &rows {
            if *suffix != secret.suffix || !expected.remove(id.as_str()) {
                broken.push(format!("value {suffix}/{id} is of no version"));
            }
        }
        match rows.into_iter().last() {
            Some((key, _)) => last = Some(key),
            None => break,
        }
    }
    broken.extend(
        expected
            .iter()
            .map(|id| format!("version {id} has lost its value")),
    );
    Ok(())
}

/// A job that nobody has claimed is where the secret says. Of one that is
/// claimed only the worker knows the place.
async fn rotation_has_its_job(
    partition: Partition,
    tx: &mut Transaction,
    key: &SecretKey,
    secret: &Secret,
) -> Result<bool, StoreError> {
    let (account, region, name) = key;
    let home = Home {
        partition,
        account: *account,
        region: *region,
    };
    let Some(rotation) = secret.rotation.as_ref().filter(|rotation| rotation.enabled) else {
        return Ok(true);
    };
    let Some(due_ms) = rotation.job_due_ms else {
        return Ok(true);
    };
    let job = jobs::Job::rotate_secret(&home, name, &secret.suffix, rotation.generation);
    let place = rotation::claim_key(&job, due_ms);
    if tx.get::<RotationJobs>(&place).await?.is_some() {
        return Ok(true);
    }
    // Claimed, it stands at the end of its lease.
    let mut rows = Scan::<RotationJobs>::new();
    while let Some(((_, id), _)) = rows.next(tx).await? {
        if id == place.1 {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn values_of_no_secret(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut known: Option<SecretKey> = None;
    let mut rows = Scan::<SecretValues>::new();
    while let Some(((account, region, name, suffix, id), _)) = rows.next(tx).await? {
        let key = (account, region, name);
        // Rows of one secret stand together, so each is looked up once.
        if known.as_ref() == Some(&key) {
            continue;
        }
        if tx.get::<Secrets>(&key).await?.is_none() {
            let (_, _, name) = &key;
            problems.push(format!(
                "value {account}/{region}/{name}/{suffix}/{id} is of no secret"
            ));
        } else {
            known = Some(key);
        }
    }
    Ok(())
}

async fn policies_of_no_secret(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<SecretPolicies>::new();
    while let Some((key, policy)) = rows.next(tx).await? {
        let (account, region, name) = &key;
        if tx.get::<Secrets>(&key).await?.is_none() {
            problems.push(format!("policy {account}/{region}/{name} is of no secret"));
        }
        if Policy::parse(&policy.document, PolicyKind::Resource).is_err() {
            problems.push(format!("policy {account}/{region}/{name} is none"));
        }
    }
    Ok(())
}

async fn scheduled(tx: &mut Transaction) -> Result<Scheduled, StoreError> {
    let mut scheduled = HashSet::new();
    let mut rows = Scan::<Jobs>::new();
    while let Some((_, job)) = rows.next(tx).await? {
        if job.kind == i32::from(jobs::Kind::DeleteSecret) {
            scheduled.insert((job.account, job.region, job.resource, job.incarnation));
        }
    }
    Ok(scheduled)
}
