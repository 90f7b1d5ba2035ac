//! Rotation: new material for the same key, by schedule or on demand.

use serde_json::json;
use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::Timestamp;

use super::{
    deletion::end_of_window,
    error::{Code, Error, Result},
    key::{OpenKey, current_of, must_be_own, must_be_symmetric, state_of},
    material::hexadecimal,
    multi_region,
    record::{Key, Material, Rotation, RotationType},
    service_event::service_event,
    state::KeyState,
};
use crate::{
    cloudtrail::{self, AWS_INTERNAL, Event, EventTime},
    context::{Context, Home, Services},
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
) -> std::result::Result<(), StoreError> {
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
) -> std::result::Result<(), StoreError> {
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
) -> std::result::Result<(), StoreError> {
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
) -> std::result::Result<Vec<Event>, StoreError> {
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
    let rotated = rotated(home, key_id, row, how, &id);
    row.materials.push(material(home));
    let mut events = vec![rotated];
    for (replica_home, mut replica) in multi_region::relatives(tx, home, key_id, row).await? {
        replica.materials.push(material(&replica_home));
        let place = (replica_home.account, replica_home.region, key_id.to_owned());
        tx.put::<KmsKeys>(&place, &replica)?;
        let name = "SynchronizeMultiRegionKey";
        let id = Some(services.random.uuid().to_string());
        events.push(Event {
            // Of all of KMS's own it alone has one.
            kind: cloudtrail::Kind::ServiceEvent(AWS_INTERNAL, id, replica_home),
            ..service_event(&replica_home, key_id, name, json!({}))
        });
    }
    Ok(events)
}

/// The event of a rotation of the key that is `row` before it.
fn rotated(home: &Home, key_id: &str, row: &Key, how: RotationType, material_id: &[u8]) -> Event {
    let details = json!({
        "rotationType": name(how),
        "keyOrigin": if row.external { "EXTERNAL" } else { "AWS_KMS" },
        "previousKeyMaterialId": current_of(row).map(|material| hexadecimal(&material.id)),
        "currentKeyMaterialId": hexadecimal(material_id),
    });
    service_event(home, key_id, "RotateKey", details)
}

/// `RotationType`.
pub(super) fn name(how: RotationType) -> &'static str {
    match how {
        RotationType::OnDemand => "ON_DEMAND",
        RotationType::First | RotationType::Automatic => "AUTOMATIC",
    }
}

/// Minutes before an automatic rotation in which none is made on demand, in
/// milliseconds.
const APART_MS: i64 = 20 * 60 * 1000;

/// # Errors
/// `UnsupportedOperationException` for keys that never rotate by themselves.
pub(super) fn must_rotate(key: &OpenKey) -> Result<()> {
    must_be_symmetric(key)?;
    must_be_own(key)
}

/// # Errors
/// `UnsupportedOperationException` for replicas: they rotate with their
/// primary.
pub(super) fn must_be_primary(key: &OpenKey) -> Result<()> {
    if multi_region::is_primary(&key.home, &key.row) {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "{} is not a multi-region primary key.",
        key.arn
    )))
}

/// Tells a key's replicas when it rotates.
pub(super) async fn share_schedule(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &Key,
) -> Result<()> {
    let schedule = row.rotation.clone();
    multi_region::change_relatives(tx, home, key_id, row, |relative| {
        relative.rotation.clone_from(&schedule);
    })
    .await?;
    Ok(())
}

/// Rotates a key now: to fresh material, or to imported material that waits.
///
/// # Errors
/// `LimitExceededException`, `ConflictException`, `KMSInvalidStateException`.
pub(super) async fn on_demand(
    cx: &mut Context<'_>,
    key: &OpenKey,
    row: &mut Key,
) -> Result<Vec<Event>> {
    let on_demand = |material: &&Material| material.rotation() == RotationType::OnDemand;
    if row.materials.iter().filter(on_demand).count() >= MAX_ON_DEMAND {
        return Err(Error::kms(
            Code::LimitExceeded,
            format!(
                "The on-demand rotations limit has been reached for the given keyId. No more \
                 on-demand rotations can be performed for this key: {}",
                key.arn
            ),
        ));
    }
    let now_ms = cx.now.as_millisecond();
    let soon = |rotation: &Rotation| rotation.next_ms.saturating_sub(now_ms) < APART_MS;
    if row.rotation.as_ref().is_some_and(soon) {
        return Err(Error::kms(
            Code::Conflict,
            format!(
                "An automatic rotation of the key {} is about to begin.",
                key.arn
            ),
        ));
    }
    let (home, id) = (&key.home, key.id.as_str());
    if !row.external {
        let how = RotationType::OnDemand;
        let events = rotate(cx.services, &mut cx.tx, home, id, row, how, cx.now).await?;
        return Ok(events);
    }
    let nothing = || {
        Error::kms(
            Code::InvalidState,
            format!(
                "No available key material pending rotation for the key: {}.",
                key.arn
            ),
        )
    };
    let pending = row
        .materials
        .iter()
        .find(|material| material.pending_rotation);
    let material_id = pending.ok_or_else(nothing)?.id.clone();
    let rotate_to = |row: &mut Key| {
        let mut waiting = row.materials.iter_mut();
        let waiting = waiting.find(|it| it.id == material_id && it.pending_rotation);
        waiting.map(|material| {
            material.pending_rotation = false;
            material.rotation = RotationType::OnDemand.into();
            material.rotated_ms = Some(now_ms);
        })
    };
    // A replica without it could not decrypt what is encrypted from now on.
    for (home, mut relative) in multi_region::relatives(&mut cx.tx, home, id, row).await? {
        rotate_to(&mut relative).ok_or_else(nothing)?;
        let place = (home.account, home.region, id.to_owned());
        cx.tx.put::<KmsKeys>(&place, &relative)?;
    }
    let rotated = rotated(home, id, row, RotationType::OnDemand, &material_id);
    rotate_to(row).ok_or_else(nothing)?;
    Ok(vec![rotated])
}
