//! Reading a table from its first row to its last.

use strongroom_store::{StoreError, Table, Transaction};

/// Rows read at a time.
const PAGE: usize = 200;

/// A table's rows, in the order of their keys, read a page at a time.
pub(crate) struct Scan<T: Table> {
    ahead: std::vec::IntoIter<(T::Key, T::Record)>,
    last: Option<T::Key>,
}

impl<T: Table<Key: Clone>> Scan<T> {
    /// Before the first row.
    pub(crate) fn new() -> Self {
        Self {
            ahead: Vec::new().into_iter(),
            last: None,
        }
    }

    /// The next row; none after the last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn next(
        &mut self,
        tx: &mut Transaction,
    ) -> Result<Option<(T::Key, T::Record)>, StoreError> {
        if self.ahead.as_slice().is_empty() {
            self.ahead = page::<T>(tx, &mut self.last).await?.into_iter();
        }
        Ok(self.ahead.next())
    }
}

/// The page of a table's rows after `last`, which moves to the page's end: for
/// whoever takes another transaction for each.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn page<T: Table<Key: Clone>>(
    tx: &mut Transaction,
    last: &mut Option<T::Key>,
) -> Result<Vec<(T::Key, T::Record)>, StoreError> {
    let rows = tx.range::<T>((), last.as_ref(), PAGE).await?;
    if let Some((key, _)) = rows.last() {
        *last = Some(key.clone());
    }
    Ok(rows)
}
