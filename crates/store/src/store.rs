use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use redb::StorageBackend;
use strongroom_crypto::{Random, SystemRandom};

use crate::{
    Change, CommitObserver, Key, RootKey, Seal, StoreError, Transaction,
    backend::{Backend, Batch, Span},
    embedded::{Embedded, Opened},
    memory::Memory,
    observer::Observers,
    seal::{KEYRING_KEY, Keyring, keyring_missing, open_row},
    table::{OUTBOX, end_of_prefix},
    tally::outbox_key,
};

/// An open store. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) shared: Arc<Shared>,
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Read only.
    Read,
    /// Read and change.
    Write,
}

/// How much of what the backend says is believed. What it finds opens or does
/// not; what it does not find is the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// All: its pages were checked.
    Full,
    /// Only rows that are found.
    Found {
        /// Whether the checksums of all pages are right all the same.
        sound: bool,
    },
    /// Nothing: newer commits are missing.
    Stale {
        /// How many.
        missing: u64,
    },
}

fn stale() -> StoreError {
    StoreError::corrupt(
        &[],
        "its newest commits are missing: the file was damaged or an older one put in its place; \
         restore a backup, or delete the file that ends in `.anchor` to accept this one as it is",
    )
}

/// What a store's transactions share.
pub(crate) struct Shared {
    pub(crate) seal: Arc<Seal>,
    pub(crate) trust: Trust,
    observers: Arc<Observers>,
    /// Audit records up to here need not be kept.
    forget_through: AtomicU64,
    commits: AtomicU64,
    conflicts: AtomicU64,
    /// Position of the last audit record committed by this process.
    audited: AtomicU64,
}

/// What a store did since it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFigures {
    /// Commits that are durable.
    pub commits: u64,
    /// Commits that were refused because another came first.
    pub conflicts: u64,
    /// Audit records that were committed and not let go yet.
    pub outbox: u64,
}

impl Store {
    /// A store in memory, under a root key that nobody knows. For tests.
    #[must_use]
    pub fn in_memory() -> Self {
        let seal = Arc::new(Seal::create());
        let memory = Memory::new(Arc::clone(&seal));
        Self::new(Arc::new(memory), seal, Trust::Full)
    }

    /// Opens the store in the file `path`, or makes it, for its owner alone.
    /// Blocks while it reads the file.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::WrongRootKey`],
    /// [`StoreError::Corrupt`], [`StoreError::UnknownFormat`],
    /// [`StoreError::Unavailable`].
    pub fn open(path: &Path, root: &RootKey) -> Result<Self, StoreError> {
        let opened = Embedded::open(path, root)?;
        if opened.missing > 0 {
            return Err(stale());
        }
        Ok(Self::embedded(opened, Trust::Full))
    }

    /// Opens the store in the file `path` though [`Store::open`] found it
    /// corrupt, to verify it and to save what is left. It cannot be changed,
    /// ranges are not read, and a row that is not found is an error: in a
    /// damaged file nobody knows what is missing.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_damaged(path: &Path, root: &RootKey) -> Result<Self, StoreError> {
        let opened = Embedded::open_damaged(path, root)?;
        let trust = match opened.missing {
            0 => Trust::Found {
                sound: opened.sound,
            },
            missing => Trust::Stale { missing },
        };
        Ok(Self::embedded(opened, trust))
    }

    /// Opens the store that `bytes` hold, or makes it there. For tests that
    /// have a disk fail; nothing keeps others from the same bytes.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(bytes: Arc<dyn StorageBackend>, root: &RootKey) -> Result<Self, StoreError> {
        Embedded::open_on(bytes, root).map(|opened| Self::embedded(opened, Trust::Full))
    }

    fn embedded(opened: Opened, trust: Trust) -> Self {
        Self::new(Arc::new(opened.embedded), opened.seal, trust)
    }

    fn new(backend: Arc<dyn Backend>, seal: Arc<Seal>, trust: Trust) -> Self {
        let shared = Shared {
            seal,
            trust,
            observers: Arc::default(),
            forget_through: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            audited: AtomicU64::new(0),
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
        self.check(mode)?;
        let backend = self.backend.begin(mode).await?;
        Ok(Transaction::new(Arc::clone(&self.shared), backend, mode))
    }

    /// Starts a transaction that only reads, on the state that will be newest
    /// at its first read: for those who may not have to read anything. It
    /// costs nothing until then.
    ///
    /// # Errors
    /// As [`Store::begin`]; what the backend has to say comes with the first
    /// read.
    pub fn begin_at_first_read(&self) -> Result<Transaction, StoreError> {
        self.check(Mode::Read)?;
        let (shared, backend) = (Arc::clone(&self.shared), Arc::clone(&self.backend));
        Ok(Transaction::awaiting(shared, backend))
    }

    fn check(&self, mode: Mode) -> Result<(), StoreError> {
        match (self.shared.trust, mode) {
            (Trust::Stale { .. }, _) => Err(stale()),
            (Trust::Found { .. }, Mode::Write) => {
                Err(StoreError::corrupt(&[], "a damaged store is not changed"))
            }
            _ => Ok(()),
        }
    }

    /// Calls `observer` with every later commit, after it is durable and
    /// before it is answered, in the order of commits.
    ///
    /// To build an index that is never wrong, observe first and read the rows
    /// afterwards: what commits in between is then seen twice, not missed.
    pub fn observe(&self, observer: Arc<dyn CommitObserver>) {
        self.shared.observers.add(observer);
    }

    /// What it did since it was opened.
    #[must_use]
    pub fn figures(&self) -> StoreFigures {
        let shared = &self.shared;
        let audited = shared.audited.load(Ordering::Relaxed);
        StoreFigures {
            commits: shared.commits.load(Ordering::Relaxed),
            conflicts: shared.conflicts.load(Ordering::Relaxed),
            outbox: audited.saturating_sub(shared.forget_through()),
        }
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
        // What was let go may still be there until the next commit.
        let after = after.max(self.shared.forget_through());
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
        let flushed = self.forget_outbox().await;
        self.backend.close().await?;
        flushed
    }

    /// Deletes what [`Store::outbox_done`] let go, without waiting for a commit
    /// that could do it on its way.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Closed`]; it is deleted later.
    pub async fn forget_outbox(&self) -> Result<(), StoreError> {
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

    /// Seals with a fresh seal key from now on. What is sealed stays readable
    /// under its own. `root` is the root key that the store has.
    ///
    /// # Errors
    /// [`StoreError::WrongRootKey`], [`StoreError::Conflict`] if another
    /// change of the keyring came first; as [`Transaction::get`].
    pub async fn rotate_seal_key(&self, root: &RootKey) -> Result<(), StoreError> {
        self.change_keyring(root, root, Keyring::with_new_key).await
    }

    /// Wraps the keyring with the root key `new` instead of `old`. Backups
    /// keep the one that they were made under.
    ///
    /// # Errors
    /// As [`Store::rotate_seal_key`].
    pub async fn change_root_key(&self, old: &RootKey, new: &RootKey) -> Result<(), StoreError> {
        self.change_keyring(old, new, |keyring, _| keyring).await
    }

    async fn change_keyring(
        &self,
        old: &RootKey,
        new: &RootKey,
        change: impl FnOnce(Keyring, &dyn Random) -> Keyring,
    ) -> Result<(), StoreError> {
        let mut transaction = self.backend.begin(Mode::Write).await?;
        let rows = transaction.get(vec![KEYRING_KEY.to_vec()]).await?;
        let wrapped = rows.into_iter().next().flatten();
        let keyring = match &wrapped {
            Some(wrapped) => Keyring::unwrap(old, wrapped)?,
            None => return Err(keyring_missing()),
        };
        let keyring = change(keyring, &SystemRandom);
        let batch = Batch {
            writes: vec![(KEYRING_KEY.to_vec(), Some(keyring.wrap(new, &SystemRandom)))],
            ..Batch::default()
        };
        transaction.commit(batch).await?;
        // Only now: nothing is ever sealed under a key that could be lost.
        self.shared.seal.adopt(keyring);
        Ok(())
    }
}

impl Shared {
    pub(crate) fn forget_through(&self) -> u64 {
        self.forget_through.load(Ordering::Relaxed)
    }

    /// Counts how a commit went.
    pub(crate) fn count(&self, committed: &Result<u64, StoreError>) {
        match committed {
            Ok(position) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.audited.fetch_max(*position, Ordering::Relaxed);
            }
            Err(StoreError::Conflict) => {
                self.conflicts.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
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
