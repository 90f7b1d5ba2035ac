//! The end of a secret: the job that removes it when its window has ended.

use strongroom_store::{Mode, StoreError};
use strongroom_types::{AccountId, Region, Timestamp};

use super::{
    event::service_event, record::Secret, rotation::drop_job, secret_ref::FoundSecret, value::row,
};
use crate::{
    cloudtrail::EventTime,
    context::{Context, Home, Services},
    jobs::{Claimed, Job},
    tables::{Jobs, SecretPolicies, SecretValues, Secrets},
};

/// Removes a secret that was scheduled for deletion, with all its versions,
/// if its window has ended. A secret that was restored, or replaced by another
/// of its name, stays; the job is done then too.
///
/// # Errors
/// When the store fails or another worker has the job; it will be tried again.
pub async fn remove_secret(
    services: &Services,
    claimed: &Claimed,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    if tx.get::<Jobs>(&claimed.key).await?.is_none() {
        return Ok(());
    }
    tx.delete::<Jobs>(&claimed.key)?;
    let mut lines = Vec::new();
    if let Some(found) = due(services, &mut tx, claimed, now).await? {
        for version in &found.secret.versions {
            tx.delete::<SecretValues>(&row(&found, &version.id))?;
            let event = service_event(&found, "EndSecretVersionDelete", &version.id);
            lines.push(event.service_record(services, &found.home, &EventTime::of(now)));
        }
        tx.delete::<SecretPolicies>(&found.key())?;
        tx.delete::<Secrets>(&found.key())?;
    }
    tx.commit(lines).await?;
    Ok(())
}

async fn due(
    services: &Services,
    tx: &mut strongroom_store::Transaction,
    claimed: &Claimed,
    now: Timestamp,
) -> Result<Option<FoundSecret>, StoreError> {
    let job = &claimed.job;
    let (Some(account), Ok(region)) = (AccountId::new(job.account), job.region.parse::<Region>())
    else {
        return Ok(None);
    };
    let home = Home {
        partition: services.partition,
        account,
        region,
    };
    let secret = tx
        .get::<Secrets>(&(account, region, job.resource.clone()))
        .await?;
    let ended = |secret: &Secret| {
        secret.suffix == job.incarnation
            && secret
                .deletion_due_ms
                .is_some_and(|due| due <= now.as_millisecond())
    };
    Ok(secret.filter(ended).map(|secret| FoundSecret {
        arn: secret.arn(&home),
        home,
        secret: secret.into(),
        policy: None,
    }))
}

/// Removes a secret at once, within the transaction of a request.
pub(super) fn remove_now(cx: &mut Context<'_>, found: &FoundSecret) -> Result<(), StoreError> {
    for version in &found.secret.versions {
        cx.tx.delete::<SecretValues>(&row(found, &version.id))?;
        cx.events.push(service_event(
            found,
            "StartSecretVersionDelete",
            &version.id,
        ));
        cx.events
            .push(service_event(found, "EndSecretVersionDelete", &version.id));
    }
    drop_job(cx, found)?;
    cx.tx.delete::<SecretPolicies>(&found.key())?;
    cx.tx.delete::<Secrets>(&found.key())?;
    if let Some(due_ms) = found.secret.deletion_due_ms {
        let job = Job::delete_secret(&found.home, &found.secret.name, &found.secret.suffix);
        // A worker that has claimed it finds nothing to remove.
        cx.tx.delete::<Jobs>(&job.key(due_ms))?;
    }
    Ok(())
}
