//! Rotation: new material for the same key, by schedule or on demand.

use serde_json::json;
use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::Timestamp;

use super::{
    deletion::end_of_window,
    key::state_of,
    multi_region,
    record::{Key, Material, Rotation, RotationType},
    service_event::service_event,
    state::KeyState,
};
use crate::{
    cloudtrail::{Event, EventTime},
    context::{Home, Services},
    jobs::{Claimed, Job, Kind},
    tables::{Jobs, KmsKeys},
};

/// Days between rotations where the request names none.
pub(super) const USUAL_DAYS: i64 = 365;

/// Rotations on demand in the life of a key.
///
/// Source: KMS quotas, "On-demand rotations".
pub(super) const MAX_ON_DEMAND: usize = 25;

/// Automatic rotation that begins now.
pub(super) fn schedule(period_days: i64, now: Timestamp) -> Rotation {
    Rotation {
        period_days,
        next_ms: end_of_window(now, period_days),
    }
}

/// Puts the job of a key's next rotation, if it has any.
pub(super) fn put_job(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &Key,
) -> Result<(), StoreError> {
    let Some(rotation) = &row.rotation else {
        return Ok(());
    };
    if !multi_region::is_primary(home, row) {
        return Ok(());
    }
    let job = Job::of_key(Kind::RotateKmsKey, home, key_id);
    tx.put::<Jobs>(&job.key(rotation.next_ms), &job)
}

/// Removes that job.
pub(super) fn remove_job(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &Key,
) -> Result<(), StoreError> {
    let Some(rotation) = &row.rotation else {
        return Ok(());
    };
    let job = Job::of_key(Kind::RotateKmsKey, home, key_id);
    tx.delete::<Jobs>(&job.key(rotation.next_ms))
}

/// Rotates a key that is due. One that is disabled or waits for its deletion
/// is not rotated; EnableKey looks whether it is overdue.
///
/// # Errors
/// When the store fails or another worker has the job; it will be tried again.
pub async fn rotate_key(
    services: &Services,
    claimed: &Claimed,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = services.store.begin(Mode::Write).await?;
    if tx.get::<Jobs>(&claimed.key).await?.is_none() {
        return Ok(());
    }
    tx.delete::<Jobs>(&claimed.key)?;
    let mut events = Vec::new();
    if let Some(home) = claimed.job.home(services.partition) {
        let id = &claimed.job.resource;
        let place = (home.account, home.region, id.clone());
        let due = |row: &Key| {
            let rotation = row.rotation.as_ref();
            rotation.is_some_and(|rotation| rotation.next_ms <= now.as_millisecond())
                && state_of(row, now) == KeyState::Enabled
                && multi_region::is_primary(&home, row)
        };
        if let Some(mut row) = tx.get::<KmsKeys>(&place).await?.filter(due) {
            let how = RotationType::Automatic;
            events = rotate(services, &mut tx, &home, id, &mut row, how, now).await?;
            if let Some(rotation) = &mut row.rotation {
                *rotation = schedule(rotation.period_days, now);
            }
            put_job(&mut tx, &home, id, &row)?;
            let next = row.rotation.clone();
            multi_region::change_relatives(&mut tx, &home, id, &row, |relative| {
                relative.rotation.clone_from(&next);
            })
            .await?;
            tx.put::<KmsKeys>(&place, &row)?;
        }
    }
    let time = EventTime::of(now);
    let lines = events
        .iter()
        .map(|event| event.own_record(services, &time))
        .collect();
    tx.commit(lines).await?;
    Ok(())
}

/// Gives a key new material, and its replicas the same. The caller writes the
/// key's own row; those of the replicas are written here.
pub(super) async fn rotate(
    services: &Services,
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &mut Key,
    how: RotationType,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let random = services.random.as_ref();
    let secret = random.key();
    let mut id = [0; 32];
    random.fill(&mut id);
    let material = |home: &Home| Material {
        rotation: how.into(),
        rotated_ms: Some(now.as_millisecond()),
        ..services.key_material.wrap_as(
            random,
            home,
            key_id,
            id,
            secret.as_ref(),
            now.as_millisecond(),
        )
    };
    row.materials.push(material(home));
    let mut events = vec![rotated(services, home, key_id, how, &id)];
    for (replica_home, mut replica) in multi_region::relatives(tx, home, key_id, row).await? {
        replica.materials.push(material(&replica_home));
        let place = (replica_home.account, replica_home.region, key_id.to_owned());
        tx.put::<KmsKeys>(&place, &replica)?;
        events.push(service_event(
            services,
            &replica_home,
            key_id,
            "SynchronizeMultiRegionKey",
            json!({}),
        ));
    }
    Ok(events)
}

/// The event of a rotation.
pub(super) fn rotated(
    services: &Services,
    home: &Home,
    key_id: &str,
    how: RotationType,
    material_id: &[u8],
) -> Event {
    let details = json!({
        "rotationType": name(how), "keyMaterialId": super::material::hexadecimal(material_id),
    });
    service_event(services, home, key_id, "RotateKey", details)
}

/// `RotationType`.
pub(super) fn name(how: RotationType) -> &'static str {
    match how {
        RotationType::OnDemand => "ON_DEMAND",
        RotationType::First | RotationType::Automatic => "AUTOMATIC",
    }
}
