//! Decoded rows kept in memory, dropped when a commit changes what they were
//! made from.
//!
//! Never a decrypted value: keys' policies, users' policies, access keys.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use strongroom_store::{Change, CommitObserver};

/// Entries of one cache. Past it the cache starts again from nothing, which
/// costs one read for each entry still in use.
const MAX_ENTRIES: usize = 10_000;
/// Parts that are locked apart from each other.
const SHARDS: usize = 16;

/// A cache over the rows of some tables. Any change to one of them empties
/// it: policies change seldom and are read with every request.
pub struct Cache<K, V> {
    tables: &'static [u8],
    /// Counts the changes, so that what was read before one is not kept.
    generation: AtomicU64,
    shards: [Shard<K, V>; SHARDS],
}

struct Shard<K, V> {
    entries: RwLock<HashMap<K, Arc<V>>>,
    lookups: Lookups,
}

/// What was looked for in a cache, or a part of one, since the process began.
#[derive(Debug, Default)]
pub struct Lookups {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Lookups {
    /// Counts one.
    pub(crate) fn note(&self, hit: bool) {
        let counter = if hit { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// How a cache does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheFigures {
    /// What is kept.
    pub entries: u64,
    /// Lookups that found what was kept.
    pub hits: u64,
    /// Lookups that did not.
    pub misses: u64,
}

impl CacheFigures {
    /// These and those of another part.
    #[must_use]
    pub(crate) fn and(self, entries: usize, lookups: &Lookups) -> Self {
        Self {
            entries: self.entries + entries as u64,
            hits: self.hits + lookups.hits.load(Ordering::Relaxed),
            misses: self.misses + lookups.misses.load(Ordering::Relaxed),
        }
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    /// A cache of what is made from rows of these tables.
    #[must_use]
    pub fn of(tables: &'static [u8]) -> Self {
        let shards = std::array::from_fn(|_| Shard {
            entries: RwLock::default(),
            lookups: Lookups::default(),
        });
        Self {
            tables,
            generation: AtomicU64::new(0),
            shards,
        }
    }

    /// What is kept under `key`.
    pub fn get<Q>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let shard = self.shard(key)?;
        let entries = shard.entries.read().unwrap_or_else(PoisonError::into_inner);
        let value = entries.get(key).cloned();
        shard.lookups.note(value.is_some());
        value
    }

    /// How it does.
    pub fn figures(&self) -> CacheFigures {
        let figures = CacheFigures::default();
        self.shards.iter().fold(figures, |figures, shard| {
            let entries = shard.entries.read().unwrap_or_else(PoisonError::into_inner);
            figures.and(entries.len(), &shard.lookups)
        })
    }

    /// What is kept under `key`, if it is what a transaction reads that began
    /// after `generation` was asked.
    pub fn get_at<Q>(&self, key: &Q, generation: u64) -> Option<Arc<V>>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let value = self.get(key)?;
        (self.generation() == generation).then_some(value)
    }

    /// To be asked before the transaction begins that reads the rows a value
    /// is made from: what it reads may be older than what is asked later.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Keeps a value, unless something changed since `generation`.
    pub fn keep(&self, key: K, value: Arc<V>, generation: u64) {
        let Some(shard) = self.shard(&key) else {
            return;
        };
        let mut entries = shard
            .entries
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES / SHARDS {
            entries.clear();
        }
        // Under the lock that a change takes after it has counted itself: the
        // value is either refused here or removed there.
        if self.generation() == generation {
            entries.insert(key, value);
        }
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&Shard<K, V>> {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        self.shards
            .get(usize::try_from(hash % SHARDS as u64).unwrap_or(0))
    }
}

impl<K: Eq + Hash + Send + Sync, V: Send + Sync> CommitObserver for Cache<K, V> {
    fn committed(&self, changes: &[Change]) {
        if changes
            .iter()
            .any(|change| self.tables.contains(&change.table()))
        {
            self.generation.fetch_add(1, Ordering::SeqCst);
            for shard in &self.shards {
                shard
                    .entries
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clear();
            }
        }
    }
}
