use std::{collections::BTreeMap, sync::Arc};

use prost::Message;
use zeroize::Zeroizing;

use crate::{
    Change, KeyPrefix, Mode, StoreError, Table,
    backend::{Backend, BackendTransaction, Batch, RawRow, Span, after},
    seal::open_row,
    store::{Shared, Trust},
    table::{RawKey, end_of_prefix, raw_key, typed_key},
};

/// The longest key, in bytes, the table's number included.
pub const MAX_KEY_BYTES: usize = 4 * 1024;

/// The longest record, encoded, in bytes.
pub const MAX_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// One consistent view of the store, and the changes to make to it.
///
/// It reads the state that was newest at `begin`, and its own changes on top.
/// One that was begun with [`crate::Store::begin_at_first_read`] reads the
/// state that is newest then.
/// Dropping it without [`Transaction::commit`] changes nothing.
pub struct Transaction {
    shared: Arc<Shared>,
    view: View,
    mode: Mode,
    writes: BTreeMap<RawKey, Option<Zeroizing<Vec<u8>>>>,
}

/// What a transaction reads.
enum View {
    /// The state that was newest when it was taken.
    Taken(Box<dyn BackendTransaction>),
    /// The state that will be newest at the first read.
    Awaited(Arc<dyn Backend>),
}

/// A commit that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Position in the outbox of the commit's last audit record, 0 if it had
    /// none. Positions count from 1, without gaps, in the order of commits.
    pub position: u64,
}

impl Transaction {
    pub(crate) fn new(
        shared: Arc<Shared>,
        backend: Box<dyn BackendTransaction>,
        mode: Mode,
    ) -> Self {
        Self {
            shared,
            view: View::Taken(backend),
            mode,
            writes: BTreeMap::new(),
        }
    }

    pub(crate) fn awaiting(shared: Arc<Shared>, backend: Arc<dyn Backend>) -> Self {
        Self {
            shared,
            view: View::Awaited(backend),
            mode: Mode::Read,
            writes: BTreeMap::new(),
        }
    }

    /// What it may do.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    async fn backend(&mut self) -> Result<&mut Box<dyn BackendTransaction>, StoreError> {
        if let View::Awaited(backend) = &self.view {
            self.view = View::Taken(backend.begin(self.mode).await?);
        }
        match &mut self.view {
            View::Taken(backend) => Ok(backend),
            // Cannot be: it was taken just now.
            View::Awaited(_) => Err(StoreError::Closed),
        }
    }

    /// The record at `key`, `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`]: never `None`
    /// because of a failure.
    pub async fn get<T: Table>(&mut self, key: &T::Key) -> Result<Option<T::Record>, StoreError> {
        let mut records = self.get_many::<T>(std::slice::from_ref(key)).await?;
        Ok(records.pop().flatten())
    }

    /// The records at `keys`, in their order.
    ///
    /// # Errors
    /// As [`Transaction::get`].
    pub async fn get_many<T: Table>(
        &mut self,
        keys: &[T::Key],
    ) -> Result<Vec<Option<T::Record>>, StoreError> {
        let keys: Vec<RawKey> = keys.iter().map(raw_key::<T>).collect();
        let found = self.find(&keys).await.map_err(named::<T>)?;
        let mut records = Vec::with_capacity(keys.len());
        for (key, found) in keys.iter().zip(found) {
            records.push(match found {
                Some(found) => Some(self.record::<T>(key, found)?),
                None => None,
            });
        }
        Ok(records)
    }

    /// The first `limit` records whose keys start with `prefix` and come after
    /// `after`, if it is given, in the order of keys.
    ///
    /// # Errors
    /// As [`Transaction::get`].
    pub async fn range<T: Table>(
        &mut self,
        prefix: impl KeyPrefix<T::Key>,
        after_key: Option<&T::Key>,
        limit: usize,
    ) -> Result<Vec<(T::Key, T::Record)>, StoreError> {
        let found = self.find_range(start_of::<T>(&prefix), after_key.map(raw_key::<T>), limit);
        let found = found.await.map_err(named::<T>)?;
        let mut rows = Vec::with_capacity(found.len());
        for (key, found) in found {
            let record = self.record::<T>(&key, found)?;
            rows.push((key_of::<T>(&key)?, record));
        }
        Ok(rows)
    }

    /// The keys of what [`Transaction::range`] gives, for figures: no record is
    /// opened, so that a key whose record is damaged or forged is among them.
    ///
    /// # Errors
    /// As [`Transaction::get`].
    pub async fn keys<T: Table>(
        &mut self,
        prefix: impl KeyPrefix<T::Key>,
        after_key: Option<&T::Key>,
        limit: usize,
    ) -> Result<Vec<T::Key>, StoreError> {
        let found = self.find_range(start_of::<T>(&prefix), after_key.map(raw_key::<T>), limit);
        let found = found.await.map_err(named::<T>)?;
        found.iter().map(|(key, _)| key_of::<T>(key)).collect()
    }

    /// What [`Transaction::get_many`] does for every table alike.
    async fn find(&mut self, keys: &[RawKey]) -> Result<Vec<Option<Found>>, StoreError> {
        let stored: Vec<RawKey> = keys
            .iter()
            .filter(|key| !self.writes.contains_key(*key))
            .cloned()
            .collect();
        let mut values = match stored.len() {
            0 => Vec::new(),
            _ => self.backend().await?.get(stored).await?,
        }
        .into_iter();
        keys.iter()
            .map(|key| match self.writes.get(key) {
                Some(own) => Ok(own.clone().map(Found::Own)),
                None => match values.next().flatten() {
                    Some(sealed) => Ok(Some(Found::Stored(sealed))),
                    None if self.shared.trust == Trust::Full => Ok(None),
                    None => Err(damaged(key)),
                },
            })
            .collect()
    }

    /// What [`Transaction::range`] does for every table alike.
    async fn find_range(
        &mut self,
        mut start: RawKey,
        after_key: Option<RawKey>,
        limit: usize,
    ) -> Result<Vec<(RawKey, Found)>, StoreError> {
        if self.shared.trust != Trust::Full {
            return Err(damaged(&start));
        }
        let end = end_of_prefix(&start);
        if let Some(key) = after_key {
            start = start.max(after(&key));
        }
        let span = Span { start, end };
        let own: Vec<_> = self
            .writes
            .range(span.start.clone()..)
            .take_while(|(key, _)| span.contains(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        // Own deletes hide stored rows, so as many more are read. Of what then
        // comes back, `limit` rows remain at least, or it was all there is:
        // no own row beyond the last one read can be among the first `limit`.
        let hidden = own.iter().filter(|(_, value)| value.is_none()).count();
        let rows = match span.end.as_ref() {
            Some(end) if *end <= span.start => Vec::new(),
            _ => {
                let backend = self.backend().await?;
                backend.range(span, limit.saturating_add(hidden)).await?
            }
        };
        let stored = rows
            .into_iter()
            .map(|(key, sealed)| (key, Found::Stored(sealed)));
        let mut found: Vec<(RawKey, Found)> = if own.is_empty() {
            stored.collect()
        } else {
            let mut merged: BTreeMap<RawKey, Found> = stored.collect();
            for (key, value) in own {
                match value {
                    Some(own) => merged.insert(key, Found::Own(own)),
                    None => merged.remove(&key),
                };
            }
            merged.into_iter().collect()
        };
        found.truncate(limit);
        Ok(found)
    }

    /// Puts `record` at `key`, in place of what is there.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::TooLarge`].
    pub fn put<T: Table>(&mut self, key: &T::Key, record: &T::Record) -> Result<(), StoreError> {
        let bytes = record.encoded_len();
        within("a record", bytes, MAX_RECORD_BYTES)?;
        let mut value = Zeroizing::new(Vec::with_capacity(bytes));
        // Encoding fails only for want of capacity, and a vector grows.
        record.encode_raw(&mut *value);
        self.write::<T>(key, Some(value))
    }

    /// Deletes the record at `key`, if there is one.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::TooLarge`].
    pub fn delete<T: Table>(&mut self, key: &T::Key) -> Result<(), StoreError> {
        self.write::<T>(key, None)
    }

    fn write<T: Table>(
        &mut self,
        key: &T::Key,
        value: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<(), StoreError> {
        if self.mode == Mode::Read {
            return Err(StoreError::ReadOnly { table: T::NAME });
        }
        let key = raw_key::<T>(key);
        within("a key", key.len(), MAX_KEY_BYTES)?;
        self.writes.insert(key, value);
        Ok(())
    }

    /// Makes the changes, and with them the records of what was done, all or
    /// nothing. Answers once they are durable and every observer knows.
    ///
    /// If the returned future is dropped before it answers, the commit may or
    /// may not take place.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another commit changed what this
    /// transaction read: run the whole closure again. Otherwise as
    /// [`Transaction::get`]. After any error nothing was changed.
    pub async fn commit(self, audit: Vec<Vec<u8>>) -> Result<Committed, StoreError> {
        if self.writes.is_empty() && audit.is_empty() {
            return Ok(Committed { position: 0 });
        }
        let seal = &self.shared.seal;
        let sealed = |(key, value): (&RawKey, &Option<Zeroizing<Vec<u8>>>)| {
            let value = value.as_ref().map(|plain| seal.seal(key, plain));
            (key.clone(), value)
        };
        let batch = Batch {
            writes: self.writes.iter().map(sealed).collect(),
            audit,
            forget_through: self.shared.forget_through(),
            then: self.shared.tell(
                self.writes
                    .into_iter()
                    .map(|(raw_key, value)| Change { raw_key, value }),
            ),
        };
        let backend = match self.view {
            View::Taken(backend) => backend,
            View::Awaited(backend) => backend.begin(self.mode).await?,
        };
        let committed = backend.commit(batch).await;
        self.shared.count(&committed);
        committed.map(|position| Committed { position })
    }

    fn record<T: Table>(&self, raw_key: &[u8], found: Found) -> Result<T::Record, StoreError> {
        let plain = self.plain(raw_key, found).map_err(named::<T>)?;
        T::Record::decode(plain.as_slice()).map_err(|_| {
            StoreError::corrupt(raw_key, "its record is none of this table's").of_table(T::NAME)
        })
    }

    fn plain(&self, raw_key: &[u8], found: Found) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        match found {
            Found::Own(own) => Ok(own),
            Found::Stored(sealed) => open_row(&self.shared.seal, raw_key, &sealed),
        }
    }

    /// The first `limit` rows of `span`, as they are stored.
    pub(crate) async fn raw_range(
        &mut self,
        span: Span,
        limit: usize,
    ) -> Result<Vec<RawRow>, StoreError> {
        self.backend().await?.range(span, limit).await
    }
}

/// A row's value: what this transaction wrote, or what is stored.
enum Found {
    Own(Zeroizing<Vec<u8>>),
    Stored(Vec<u8>),
}

/// Where the keys with this prefix begin.
fn start_of<T: Table>(prefix: &impl KeyPrefix<T::Key>) -> RawKey {
    let mut start = vec![T::ID];
    prefix.encode_prefix(&mut start);
    start
}

fn key_of<T: Table>(raw_key: &[u8]) -> Result<T::Key, StoreError> {
    typed_key::<T>(raw_key).ok_or_else(|| {
        StoreError::corrupt(raw_key, "its key is none of this table's").of_table(T::NAME)
    })
}

fn named<T: Table>(error: StoreError) -> StoreError {
    error.of_table(T::NAME)
}

fn damaged(raw_key: &[u8]) -> StoreError {
    StoreError::corrupt(raw_key, "the file is damaged, and may have lost it")
}

fn within(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit {
        return Err(StoreError::TooLarge { what, bytes, limit });
    }
    Ok(())
}
