use std::sync::{Arc, PoisonError, RwLock};

use prost::Message;
use zeroize::Zeroizing;

use crate::{
    Table,
    table::{RawKey, typed_key},
};

/// Follows commits, to keep what is in memory true to what is stored.
pub trait CommitObserver: Send + Sync {
    /// Called with the changes of one commit, once it is durable and before
    /// it is answered; for all commits in their order, never two at a time.
    /// It holds up every commit: only update memory here, and do not call the
    /// store. If it panics nothing is committed any more: what follows commits
    /// would be wrong from then on.
    fn committed(&self, changes: &[Change]);
}

/// A row as one commit left it.
pub struct Change {
    pub(crate) raw_key: RawKey,
    pub(crate) value: Option<Zeroizing<Vec<u8>>>,
}

impl Change {
    /// The number of the table that the row belongs to.
    #[must_use]
    pub fn table(&self) -> u8 {
        self.raw_key.first().copied().unwrap_or_default()
    }

    /// Whether the row belongs to `T`.
    #[must_use]
    pub fn is<T: Table>(&self) -> bool {
        self.table() == T::ID
    }

    /// The row's key, `None` if it is not of `T`.
    #[must_use]
    pub fn key<T: Table>(&self) -> Option<T::Key> {
        typed_key::<T>(&self.raw_key)
    }

    /// The row's new record, `None` if it was deleted or is not of `T`.
    #[must_use]
    pub fn record<T: Table>(&self) -> Option<T::Record> {
        let value = self.value.as_ref().filter(|_| self.is::<T>())?;
        T::Record::decode(value.as_slice()).ok()
    }

    /// Whether both key and record read as `T`'s: `Err` says what does not.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check<T: Table>(&self) -> Result<(), String> {
        if self.key::<T>().is_none() {
            return Err(format!("its key is none of table `{}`", T::NAME));
        }
        if self.value.is_some() && self.record::<T>().is_none() {
            return Err(format!("its record is none of table `{}`", T::NAME));
        }
        Ok(())
    }

    /// Whether the row was deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.value.is_none()
    }
}

/// Those who follow, in the order in which they came.
#[derive(Default)]
pub(crate) struct Observers(RwLock<Vec<Arc<dyn CommitObserver>>>);

impl Observers {
    pub(crate) fn add(&self, observer: Arc<dyn CommitObserver>) {
        let mut observers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        observers.push(observer);
    }

    pub(crate) fn is_empty(&self) -> bool {
        let observers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        observers.is_empty()
    }

    pub(crate) fn committed(&self, changes: &[Change]) {
        let observers = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for observer in observers {
            observer.committed(changes);
        }
    }
}
