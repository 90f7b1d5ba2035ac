//! Multi-Region keys: the same id and material in several Regions.
//!
//! The key material of a family is written by the transaction that makes or
//! rotates it, in all Regions at once; policies, aliases, tags, grants and
//! states are each key's own.

use std::sync::Arc;

use strongroom_store::{StoreError, Transaction};
use strongroom_types::Region;

use super::{
    error::{Error, Result},
    key::{OpenKey, not_found, open},
    material::corrupt,
    record::{Key, Material, MultiRegion},
    rotation,
};
use crate::{
    context::{Context, Home},
    tables::KmsKeys,
};

/// Whether a key is the primary of its family; a key without a family is its
/// own.
pub(super) fn is_primary(home: &Home, row: &Key) -> bool {
    row.multi_region
        .as_ref()
        .is_none_or(|family| family.primary == home.region.as_str())
}

/// The Regions of a family other than `here`.
pub(super) fn others(family: &MultiRegion, here: Region) -> Vec<Region> {
    std::iter::once(&family.primary)
        .chain(&family.replicas)
        .filter_map(|region| region.parse().ok())
        .filter(|region| *region != here)
        .collect()
}

/// The relatives of a key, with their rows.
pub(super) async fn relatives(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &Key,
) -> std::result::Result<Vec<(Home, Key)>, StoreError> {
    let mut relatives = Vec::new();
    let Some(family) = &row.multi_region else {
        return Ok(relatives);
    };
    for region in others(family, home.region) {
        let home = Home { region, ..*home };
        let place = (home.account, home.region, key_id.to_owned());
        if let Some(row) = tx.get::<KmsKeys>(&place).await? {
            relatives.push((home, row));
        }
    }
    Ok(relatives)
}

/// Changes the rows of a key's relatives alike.
pub(super) async fn change_relatives(
    tx: &mut Transaction,
    home: &Home,
    key_id: &str,
    row: &Key,
    change: impl Fn(&mut Key),
) -> std::result::Result<(), StoreError> {
    for (home, mut relative) in relatives(tx, home, key_id, row).await? {
        change(&mut relative);
        let place = (home.account, home.region, key_id.to_owned());
        tx.put::<KmsKeys>(&place, &relative)?;
    }
    Ok(())
}

/// A key's relative in another Region.
pub(super) async fn relative(
    cx: &mut Context<'_>,
    key: &OpenKey,
    region: Region,
) -> std::result::Result<Option<Arc<OpenKey>>, StoreError> {
    let home = Home { region, ..key.home };
    open(cx, &home, &key.id).await
}

/// # Errors
/// `UnsupportedOperationException`.
pub(super) fn must_be_primary(key: &OpenKey) -> Result<()> {
    if key.row.multi_region.is_some() && is_primary(&key.home, &key.row) {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "{} is not a multi-region primary key.",
        key.arn
    )))
}

/// The Region of a name.
///
/// # Errors
/// `ValidationException` for one that there is not.
pub(super) fn region(name: &str) -> Result<Region> {
    name.parse()
        .map_err(|_| Error::validation(format!("The Region {name} is not supported.")))
}

/// The row of a new replica: the same material, wrapped for its Region;
/// imported material has to be imported there too.
pub(super) fn replica_row(cx: &Context<'_>, key: &OpenKey, home: &Home) -> Result<Key> {
    let store = &cx.services.key_material;
    let random = cx.services.random.as_ref();
    let copied = |material: &Material| {
        if key.row.external {
            return Ok(Material {
                wrapped: Vec::new(),
                valid_to_ms: None,
                ..material.clone()
            });
        }
        let secret = store.unwrap(&key.home, &key.id, material)?;
        let id = material.id.as_slice().try_into();
        let id = id.map_err(|_| corrupt(&key.home, &key.id))?;
        let wrapped = store.wrap_as(random, home, &key.id, id, &secret, material.created_ms);
        Ok(Material {
            wrapped: wrapped.wrapped,
            ..material.clone()
        })
    };
    let materials = key.row.materials.iter();
    Ok(Key {
        created_ms: cx.now.as_millisecond(),
        spec: key.row.spec.clone(),
        usage: key.row.usage.clone(),
        external: key.row.external,
        materials: materials.map(copied).collect::<Result<_>>()?,
        multi_region: key.row.multi_region.clone(),
        rotation: key.row.rotation.clone(),
        public_key: key.row.public_key.clone(),
        ..Key::default()
    })
}

/// Writes a new replica, and tells its relatives of it.
pub(super) async fn join(cx: &mut Context<'_>, primary: &OpenKey, replica: &OpenKey) -> Result<()> {
    let region = replica.home.region.to_string();
    let mut row = primary.row.clone();
    let joined = |row: &mut Key| {
        if let Some(family) = &mut row.multi_region {
            family.replicas.push(region.clone());
        }
    };
    change_relatives(&mut cx.tx, &primary.home, &primary.id, &row, joined).await?;
    joined(&mut row);
    primary.save(cx, &row)?;
    let mut row = replica.row.clone();
    joined(&mut row);
    replica.save(cx, &row)
}

/// A key as the transaction has written it.
///
/// # Errors
/// `NotFoundException`.
pub(super) async fn opened_again(
    cx: &mut Context<'_>,
    home: &Home,
    id: &str,
) -> Result<Arc<OpenKey>> {
    let key = open(cx, home, id).await?;
    key.ok_or_else(|| Error::not_found(not_found(home, id)))
}

/// Makes a replica the primary.
pub(super) async fn change_primary(
    cx: &mut Context<'_>,
    old: &OpenKey,
    new: &OpenKey,
) -> Result<()> {
    let mut row = old.row.clone();
    rotation::remove_job(&mut cx.tx, &old.home, &old.id, &row)?;
    let (from, to) = (old.home.region.to_string(), new.home.region.to_string());
    let changed = |row: &mut Key| {
        if let Some(family) = &mut row.multi_region {
            family.primary.clone_from(&to);
            for region in family.replicas.iter_mut().filter(|region| **region == to) {
                region.clone_from(&from);
            }
        }
    };
    change_relatives(&mut cx.tx, &old.home, &old.id, &row, changed).await?;
    changed(&mut row);
    old.save(cx, &row)?;
    rotation::put_job(&mut cx.tx, &new.home, &new.id, &row)?;
    Ok(())
}
