//! One part of what is kept.

use std::sync::OnceLock;

use hashbrown::HashTable;
use prost::Message as _;
use strongroom_types::{AccountId, Region};

use super::{MAX_BYTES, SHARDS, SealedValue, SecretRow};

/// What an entry takes beside its texts: map, counts, allocations.
const ENTRY_BYTES: usize = 640;

/// The key of a secret's row, borrowed.
pub(super) type Name<'n> = (AccountId, Region, &'n str);

#[derive(Default)]
pub(super) struct Shard {
    rows: HashTable<Row>,
    /// What they take.
    pub(super) bytes: usize,
}

/// A row that is kept, and whose it is. It holds its own name.
struct Row {
    account: AccountId,
    region: Region,
    row: SecretRow,
}

impl Row {
    fn name(&self) -> Name<'_> {
        (self.account, self.region, &self.row.name)
    }
}

impl Shard {
    /// The row of this name, whose hash is given.
    pub(super) fn find(&self, hash: u64, name: Name<'_>) -> Option<&SecretRow> {
        let found = self.rows.find(hash, |row| row.name() == name);
        found.map(|row| &row.row)
    }

    /// Forgets it.
    pub(super) fn remove(&mut self, hash: u64, name: Name<'_>) {
        if let Ok(found) = self.rows.find_entry(hash, |row| row.name() == name) {
            let (old, _) = found.remove();
            self.bytes = self.bytes.saturating_sub(weight(&old.row));
        }
    }

    /// Keeps a row instead of the one before. `hasher` hashes names.
    pub(super) fn keep(
        &mut self,
        hash: u64,
        name: Name<'_>,
        row: SecretRow,
        hasher: impl Fn(Name<'_>) -> u64,
    ) {
        self.make_room();
        self.remove(hash, name);
        self.bytes += weight(&row);
        let (account, region, _) = name;
        let row = Row {
            account,
            region,
            row,
        };
        self.rows.insert_unique(hash, row, |row| hasher(row.name()));
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Drops every other row when there are too many.
    fn make_room(&mut self) {
        if self.bytes < MAX_BYTES / SHARDS {
            return;
        }
        let mut stays = false;
        self.rows.retain(|_| {
            stays = !stays;
            stays
        });
        self.bytes = self.rows.iter().map(|row| weight(&row.row)).sum();
    }
}

/// What a row takes, with the values that are kept with it.
fn weight(row: &SecretRow) -> usize {
    let values = row.0.values.iter().filter_map(OnceLock::get);
    let values: usize = values.map(|(id, value)| id.len() + size(value)).sum();
    // Texts lie apart from each other, in allocations of their own.
    ENTRY_BYTES + 2 * row.encoded_len() + values
}

/// What a value takes.
pub(super) fn size(value: &SealedValue) -> usize {
    value.ciphertext.len() + value.encrypted_data_key.len()
}
