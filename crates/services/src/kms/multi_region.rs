//! Multi-Region keys: the same id and material in several Regions.
//!
//! The key material of a family is written by the transaction that makes or
//! rotates it, in all Regions at once; policies, aliases, tags, grants and
//! states are each key's own.

use std::sync::Arc;

use strongroom_store::{StoreError, Transaction};
use strongroom_types::Region;

use super::{
    key::{OpenKey, open},
    record::{Key, MultiRegion},
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
) -> Result<Vec<(Home, Key)>, StoreError> {
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
) -> Result<(), StoreError> {
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
) -> Result<Option<Arc<OpenKey>>, StoreError> {
    let home = Home { region, ..key.home };
    open(cx, &home, &key.id).await
}
