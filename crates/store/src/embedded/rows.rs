use std::sync::Arc;

use redb::{
    Database, ReadOnlyTable, ReadableDatabase, ReadableTable, Table, TableDefinition,
    WriteTransaction,
};

use super::{DAMAGED, contained, failed, storage_failed};
use crate::{
    RootKey, Seal, StoreError,
    backend::{RawRow, Span},
    ledger::{Ledger, Rows},
    seal::{KEYRING_KEY, keyring_missing},
    table::RawKey,
    tally::TALLY_KEY,
};

/// All rows: whole key, sealed value.
pub(super) const ROWS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("rows");

/// Rows as a snapshot has them.
pub(super) type Read = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Starts a write transaction that is durable when its commit returns, and
/// from which the file opens at once after a crash.
pub(super) fn begin_write(database: &Database) -> Result<WriteTransaction, StoreError> {
    let mut transaction = database
        .begin_write()
        .map_err(|error| failed(&[], error.into()))?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Whether there is nothing in `database` yet.
pub(super) fn is_empty(database: &Database) -> Result<bool, StoreError> {
    let reading = database
        .begin_read()
        .map_err(|error| failed(&[], error.into()))?;
    match reading.open_table(ROWS) {
        Ok(_) => Ok(false),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(true),
        Err(error) => Err(failed(&[], error.into())),
    }
}

/// The seal and the ledger of the store in `database`.
pub(super) fn load(database: &Database, root: &RootKey) -> Result<(Arc<Seal>, Ledger), StoreError> {
    let reading = database
        .begin_read()
        .map_err(|error| failed(&[], error.into()))?;
    let rows = reading
        .open_table(ROWS)
        .map_err(|error| failed(&[], error.into()))?;
    let wrapped = get(&rows, KEYRING_KEY)?.ok_or_else(keyring_missing)?;
    let seal = Arc::new(Seal::open(root, &wrapped)?);
    let tally = get(&rows, TALLY_KEY)?
        .ok_or_else(|| StoreError::corrupt(TALLY_KEY, "the tally of all rows is missing"))?;
    let ledger = Ledger::load(Arc::clone(&seal), &tally)?;
    Ok((seal, ledger))
}

/// Makes an empty database a store: its first rows, in one transaction.
pub(super) fn found(database: &Database, root: &RootKey) -> Result<(), StoreError> {
    let seal = Arc::new(Seal::create());
    let wrapped = seal.wrap(root);
    let transaction = begin_write(database)?;
    {
        let table = transaction
            .open_table(ROWS)
            .map_err(|error| failed(&[], error.into()))?;
        let mut rows = Writing {
            table,
            undo: &mut Vec::new(),
        };
        rows.set(KEYRING_KEY, Some(&wrapped))?;
        Ledger::new(seal).end_group(&mut rows)?;
    }
    transaction
        .commit()
        .map_err(|error| failed(&[], error.into()))
}

/// The value of one row.
pub(super) fn get(rows: &Read, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    contained(key, || {
        let value = rows
            .get_owned(key)
            .map_err(|error| storage_failed(key, error))?;
        Ok(value.map(|value| value.value().to_vec()))
    })
}

/// The first `limit` rows of `span`. Rows out of order or out of the span are
/// found damaged: a page that was swapped for another would look so.
pub(super) fn range(rows: &Read, span: &Span, limit: usize) -> Result<Vec<RawRow>, StoreError> {
    let start = span.start.as_slice();
    let end = span.end.as_deref();
    if end.is_some_and(|end| end <= start) {
        return Ok(Vec::new());
    }
    contained(start, || {
        let found = match end {
            Some(end) => rows.range_owned::<&[u8]>(start..end),
            None => rows.range_owned::<&[u8]>(start..),
        };
        let mut result: Vec<RawRow> = Vec::new();
        for row in found
            .map_err(|error| storage_failed(start, error))?
            .take(limit)
        {
            let (key, value) = row.map_err(|error| storage_failed(start, error))?;
            let key = key.value();
            let ascends = result.last().is_none_or(|(last, _)| last.as_slice() < key);
            if !ascends || !span.contains(key) {
                return Err(StoreError::corrupt(start, DAMAGED));
            }
            result.push((key.to_vec(), value.value().to_vec()));
        }
        Ok(result)
    })
}

/// Rows in a write transaction.
pub(super) struct Writing<'a> {
    pub(super) table: Table<'a, &'static [u8], &'static [u8]>,
    /// What was there before, oldest first, to return to.
    pub(super) undo: &'a mut Vec<RawRowBefore>,
}

/// A row's key, and the value it had.
pub(super) type RawRowBefore = (RawKey, Option<Vec<u8>>);

impl Writing<'_> {
    pub(super) fn get(&self, raw_key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self
            .table
            .get(raw_key)
            .map_err(|error| storage_failed(raw_key, error))?;
        Ok(value.map(|value| value.value().to_vec()))
    }
}

impl Rows for Writing<'_> {
    fn set(&mut self, raw_key: &[u8], value: Option<&[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        let old = match value {
            Some(value) => self.table.insert(raw_key, value),
            None => self.table.remove(raw_key),
        };
        let old = old
            .map_err(|error| storage_failed(raw_key, error))?
            .map(|old| old.value().to_vec());
        self.undo.push((raw_key.to_vec(), old.clone()));
        Ok(old)
    }
}
