use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    Change, CommitObserver, Key, Seal, StoreError, Transaction,
    backend::{Backend, Batch, Span},
    memory::Memory,
    observer::Observers,
    seal::open_row,
    table::{OUTBOX, end_of_prefix},
    tally::outbox_key,
};

/// An open store. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
    shared: Arc<Shared>,
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Read only.
    Read,
    /// Read and change.
    Write,
}

/// What a store's transactions share.
pub(crate) struct Shared {
    pub(crate) seal: Arc<Seal>,
    observers: Arc<Observers>,
    /// Audit records up to here need not be kept.
    forget_through: AtomicU64,
}

impl Store {
    /// A store in memory, under a root key that nobody knows. For tests.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it never does")]
    #[expect(
        clippy::expect_used,
        reason = "an empty map has no tally that could be damaged"
    )]
    pub fn in_memory() -> Self {
        let seal = Arc::new(Seal::create());
        let memory = Memory::new(Arc::clone(&seal), BTreeMap::new()).expect("an empty map");
        Self::new(Arc::new(memory), seal)
    }

    fn new(backend: Arc<dyn Backend>, seal: Arc<Seal>) -> Self {
        let shared = Shared {
            seal,
            observers: Arc::default(),
            forget_through: AtomicU64::new(0),
        };
        Self {
            backend,
            shared: Arc::new(shared),
        }
    }

    /// Starts a transaction on the newest committed state.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Closed`].
    pub async fn begin(&self, mode: Mode) -> Result<Transaction, StoreError> {
        let backend = self.backend.begin(mode).await?;
        Ok(Transaction::new(Arc::clone(&self.shared), backend, mode))
    }

    /// Calls `observer` with every later commit, after it is durable and
    /// before it is answered, in the order of commits.
    ///
    /// To build an index that is never wrong, observe first and read the rows
    /// afterwards: what commits in between is then seen twice, not missed.
    pub fn observe(&self, observer: Arc<dyn CommitObserver>) {
        self.shared.observers.add(observer);
    }

    /// The seal, for what else must be sealed under the same root.
    #[must_use]
    pub fn seal(&self) -> &Seal {
        &self.shared.seal
    }

    /// The first `limit` audit records after the position `after`, with their
    /// positions, ascending. They were committed with the changes they record
    /// and stay until [`Store::outbox_done`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`],
    /// [`StoreError::Closed`].
    pub async fn outbox(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let Some(first) = after.checked_add(1) else {
            return Ok(Vec::new());
        };
        let span = Span {
            start: outbox_key(first),
            end: end_of_prefix(&[OUTBOX]),
        };
        let mut transaction = self.begin(Mode::Read).await?;
        let rows = transaction.raw_range(span, limit).await?;
        rows.iter()
            .map(|(key, sealed)| {
                let position = <(u8, u64)>::decode(key).map(|(_, position)| position);
                let position = position.ok_or_else(|| {
                    StoreError::corrupt(key, "its key is no position").of_table("outbox")
                })?;
                let record =
                    open_row(self.seal(), key, sealed).map_err(|error| error.of_table("outbox"))?;
                Ok((position, record.to_vec()))
            })
            .collect()
    }

    /// Lets the audit records up to the position `through` go: they are safe
    /// elsewhere. They are deleted with the next commits, or when the store is
    /// closed.
    pub fn outbox_done(&self, through: u64) {
        self.shared
            .forget_through
            .fetch_max(through, Ordering::Relaxed);
    }

    /// Finishes what was begun and releases the store's file. Clones answer
    /// [`StoreError::Closed`] from then on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the last changes to the outbox could not
    /// be written; the store is closed all the same, and they are made later.
    pub async fn close(&self) -> Result<(), StoreError> {
        let flushed = self.flush_outbox().await;
        self.backend.close().await?;
        flushed
    }

    async fn flush_outbox(&self) -> Result<(), StoreError> {
        let forget_through = self.shared.forget_through();
        if forget_through == 0 {
            return Ok(());
        }
        let batch = Batch {
            forget_through,
            ..Batch::default()
        };
        let transaction = self.backend.begin(Mode::Write).await?;
        transaction.commit(batch).await.map(drop)
    }
}

impl Shared {
    pub(crate) fn forget_through(&self) -> u64 {
        self.forget_through.load(Ordering::Relaxed)
    }

    /// What tells the observers of `changes`; `None` if nobody listens.
    pub(crate) fn tell(
        &self,
        changes: impl Iterator<Item = Change>,
    ) -> Option<Box<dyn FnOnce() + Send>> {
        if self.observers.is_empty() {
            return None;
        }
        let changes: Vec<Change> = changes.collect();
        let observers = Arc::clone(&self.observers);
        Some(Box::new(move || observers.committed(&changes)))
    }
}
