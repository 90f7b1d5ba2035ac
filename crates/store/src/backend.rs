use std::pin::Pin;

use crate::{Mode, StoreError, table::RawKey};

/// What a backend's methods answer with. Boxed by hand, so that a backend can
/// be chosen at run time.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A row as the backend knows it: whole key, sealed value.
pub(crate) type RawRow = (RawKey, Vec<u8>);

/// An ordered map of bytes with serialisable transactions: all that a
/// database must offer. It is not trusted with anything else, see
/// [`crate::Seal`] and [`crate::tally`].
pub(crate) trait Backend: Send + Sync {
    /// Starts a transaction on the newest committed state.
    fn begin(&self, mode: Mode) -> Answer<'_, Box<dyn BackendTransaction>>;

    /// Ends all work. Later calls are answered with [`StoreError::Closed`].
    fn close(&self) -> Answer<'_, ()>;
}

/// A view of one committed state, and the right to move on from it.
pub(crate) trait BackendTransaction: Send {
    /// The values of `keys`, in their order.
    fn get(&mut self, keys: Vec<RawKey>) -> Answer<'_, Vec<Option<Vec<u8>>>>;

    /// The first `limit` rows of `span`, ascending.
    fn range(&mut self, span: Span, limit: usize) -> Answer<'_, Vec<RawRow>>;

    /// Applies `batch` if nothing that this transaction read has changed.
    /// Answers once it is durable, with the position of its last audit record.
    fn commit(self: Box<Self>, batch: Batch) -> Answer<'static, u64>;
}

/// The keys from `start`, included, to `end`, excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: RawKey,
    /// `None`: to the last key there is.
    pub(crate) end: Option<RawKey>,
}

impl Span {
    /// Whether `key` lies in the span.
    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        key >= self.start.as_slice() && self.end.as_deref().is_none_or(|end| key < end)
    }

    /// The part of the span that was seen by reading its first `limit` rows,
    /// which were `rows`.
    pub(crate) fn as_read(&self, rows: &[RawRow], limit: usize) -> Self {
        let end = match rows.last() {
            Some((last, _)) if rows.len() == limit => Some(after(last)),
            _ if limit == 0 => Some(self.start.clone()),
            _ => self.end.clone(),
        };
        Self {
            start: self.start.clone(),
            end,
        }
    }
}

/// What a transaction wants done, all or nothing.
#[derive(Default)]
pub(crate) struct Batch {
    /// Sealed values to put, `None` to delete; each key once.
    pub(crate) writes: Vec<(RawKey, Option<Vec<u8>>)>,
    /// Audit records to append to the outbox, in this order.
    pub(crate) audit: Vec<Vec<u8>>,
    /// Audit records up to this position may be forgotten.
    pub(crate) forget_through: u64,
    /// To be called when the batch is durable, in the order of commits and
    /// before any commit of the group is answered.
    pub(crate) then: Option<Box<dyn FnOnce() + Send>>,
}

/// The first key above `key`.
pub(crate) fn after(key: &[u8]) -> RawKey {
    [key, &[0]].concat()
}
