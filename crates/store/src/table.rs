use crate::Key;

/// One kind of row: a typed key and a versioned record.
///
/// Numbers are part of the stored format: never change one, never use one
/// again. 0 and 255 are the store's own.
pub trait Table: 'static {
    /// The table's number, 1 to 254, the first byte of its keys.
    const ID: u8;

    /// The table's name in errors and reports.
    const NAME: &'static str;

    /// The key, in the order in which ranges are read.
    type Key: Key;

    /// The record. Fields may be added, never renumbered, so that releases
    /// side by side read each other's.
    type Record: prost::Message + Default;
}

/// The store's own rows: keyring, tally.
pub(crate) const META: u8 = 0;

/// Audit records on their way out, by position.
pub(crate) const OUTBOX: u8 = u8::MAX;

/// A row's whole key: the table's number, then the key's bytes.
pub(crate) type RawKey = Vec<u8>;

/// The whole key of a row of `T`.
pub(crate) fn raw_key<T: Table>(key: &T::Key) -> RawKey {
    const {
        assert!(
            T::ID != META && T::ID != OUTBOX,
            "a number of the store's own"
        )
    };
    let mut raw = Vec::with_capacity(64);
    raw.push(T::ID);
    key.encode(&mut raw);
    raw
}

/// The key of a row of `T` from its whole key.
pub(crate) fn typed_key<T: Table>(raw: &[u8]) -> Option<T::Key> {
    match raw.split_first() {
        Some((&table, key)) if table == T::ID => T::Key::decode(key),
        _ => None,
    }
}

/// The first key above every key that starts with `prefix`, `None` if there
/// is no such key.
pub(crate) fn end_of_prefix(prefix: &[u8]) -> Option<RawKey> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    *end.last_mut()? += 1;
    Some(end)
}
