//! Secrets kept decoded in memory, for those who only read.
//!
//! A hit costs no read of the store: not of the secret's row and, once it was
//! read before, not of its current value's. Values are kept as they are
//! stored, sealed under their data key; a decrypted one never is.
//!
//! Every commit that touches a secret or one of its values drops what is kept
//! of it, before the commit is answered. A reader takes only what has been
//! current since before its transaction began, which is what the transaction
//! would read too. Between the moment at which a commit can be read and the
//! one at which it is known here, a reader may still find what was before it,
//! and then a row of the store that is newer. `value.rs` sees that a value is
//! not where the secret says it is, and has the request run again without
//! this.

mod shard;

use std::{
    hash::BuildHasher as _,
    ops::{Deref, DerefMut},
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use strongroom_store::{Change, CommitObserver, Mode, StoreError};
use strongroom_types::Arn;

use self::shard::{Name, Shard, size};
use super::{
    record::{SealedValue, Secret},
    secret_ref::FoundSecret,
    value::row as place,
};
use crate::{
    cache::{CacheFigures, Lookups},
    context::{Context, Home},
    tables::{SecretValues, Secrets},
};

/// Bytes kept at most, by our own reckoning.
const MAX_BYTES: usize = 192 << 20;
/// Parts that are locked apart from each other.
const SHARDS: usize = 32;
/// A sealed value larger than this is not kept: it costs more than its read.
const MAX_VALUE_BYTES: usize = 4 << 10;
/// Values kept of one secret: of most, AWSCURRENT is all that is read.
const VALUES: usize = 2;

/// A secret's row. Reading it is free; the first change takes a copy, so that
/// what is kept stays as it is stored.
#[derive(Clone)]
pub struct SecretRow(Arc<Kept>);

#[derive(Default)]
struct Kept {
    secret: Secret,
    /// Made once it is asked for.
    arn: OnceLock<Arn>,
    /// Version ids and what is stored of their values.
    values: [OnceLock<(String, Arc<SealedValue>)>; VALUES],
}

impl From<Secret> for SecretRow {
    fn from(secret: Secret) -> Self {
        Self(Arc::new(Kept {
            secret,
            ..Kept::default()
        }))
    }
}

impl Deref for SecretRow {
    type Target = Secret;

    fn deref(&self) -> &Secret {
        &self.0.secret
    }
}

impl DerefMut for SecretRow {
    fn deref_mut(&mut self) -> &mut Secret {
        &mut Arc::make_mut(&mut self.0).secret
    }
}

/// A copy is about to become another secret, whose values are not known.
impl Clone for Kept {
    fn clone(&self) -> Self {
        Self {
            secret: self.secret.clone(),
            ..Self::default()
        }
    }
}

impl SecretRow {
    /// The row for itself.
    #[must_use]
    pub fn into_inner(self) -> Secret {
        match Arc::try_unwrap(self.0) {
            Ok(kept) => kept.secret,
            Err(shared) => shared.secret.clone(),
        }
    }

    /// The ARN of this secret of `home`.
    #[must_use]
    pub fn arn(&self, home: &Home) -> Arn {
        self.0.arn.get_or_init(|| self.0.secret.arn(home)).clone()
    }

    fn value(&self, version_id: &str) -> Option<&Arc<SealedValue>> {
        let known = self.0.values.iter().filter_map(OnceLock::get);
        known
            .into_iter()
            .find_map(|(id, value)| (id == version_id).then_some(value))
    }
}

/// The secrets that are kept.
pub(super) struct KeptSecrets {
    /// Counts the commits that changed a secret or a value.
    generation: AtomicU64,
    shards: [RwLock<Shard>; SHARDS],
    lookups: [Lookups; SHARDS],
    hasher: std::hash::RandomState,
}

impl KeptSecrets {
    /// Nothing yet. It must observe the store before it is used.
    pub(super) fn new() -> Self {
        Self {
            generation: AtomicU64::new(0),
            shards: std::array::from_fn(|_| RwLock::default()),
            lookups: std::array::from_fn(|_| Lookups::default()),
            hasher: std::hash::RandomState::new(),
        }
    }

    /// To be asked before a transaction begins: what it reads may be older
    /// than what is asked later.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    fn get(&self, name: Name<'_>, generation: u64) -> Option<SecretRow> {
        let hash = self.hash(name);
        let shard = self.shard(hash)?.read();
        let shard = shard.unwrap_or_else(PoisonError::into_inner);
        let row = shard.find(hash, name).cloned();
        drop(shard);
        let row = row.filter(|_| self.generation() == generation);
        self.lookups.get(part(hash))?.note(row.is_some());
        row
    }

    /// How it does.
    pub(super) fn figures(&self) -> CacheFigures {
        let parts = self.shards.iter().zip(&self.lookups);
        parts.fold(CacheFigures::default(), |figures, (shard, lookups)| {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            figures.and(shard.len(), lookups)
        })
    }

    /// Keeps a row that a transaction read which began after `generation` was
    /// asked.
    fn keep(&self, name: Name<'_>, row: &SecretRow, generation: u64) {
        let hash = self.hash(name);
        let Some(shard) = self.shard(hash) else {
            return;
        };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        // Under the lock that a change takes after it has counted itself: the
        // row is either refused here or removed there.
        if self.generation() == generation {
            shard.keep(hash, name, row.clone(), |name| self.hash(name));
        }
    }

    /// Keeps a value with the row that it belongs to, if that is still kept.
    fn keep_value(
        &self,
        name: Name<'_>,
        row: &SecretRow,
        version_id: &str,
        value: &Arc<SealedValue>,
    ) {
        let bytes = version_id.len() + size(value);
        let hash = self.hash(name);
        let (true, Some(shard)) = (bytes <= MAX_VALUE_BYTES, self.shard(hash)) else {
            return;
        };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let kept = shard.find(hash, name);
        if !kept.is_some_and(|kept| Arc::ptr_eq(&kept.0, &row.0)) || row.value(version_id).is_some()
        {
            return;
        }
        let mut free = row.0.values.iter().filter(|value| value.get().is_none());
        if let Some(free) = free.next()
            && free.set((version_id.to_owned(), Arc::clone(value))).is_ok()
        {
            shard.bytes += bytes;
        }
    }

    fn forget(&self, name: Name<'_>) {
        let hash = self.hash(name);
        if let Some(shard) = self.shard(hash) {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.remove(hash, name);
        }
    }

    fn hash(&self, name: Name<'_>) -> u64 {
        self.hasher.hash_one(name)
    }

    fn shard(&self, hash: u64) -> Option<&RwLock<Shard>> {
        self.shards.get(part(hash))
    }
}

/// The part for names with this hash, of which its table uses other bits.
fn part(hash: u64) -> usize {
    usize::try_from((hash >> 32) % SHARDS as u64).unwrap_or(0)
}

impl CommitObserver for KeptSecrets {
    fn committed(&self, changes: &[Change]) {
        let touched = |change: &Change| change.is::<Secrets>() || change.is::<SecretValues>();
        if !changes.iter().any(touched) {
            return;
        }
        self.generation.fetch_add(1, Ordering::SeqCst);
        for change in changes {
            let of = change.key::<Secrets>().or_else(|| {
                let value = change.key::<SecretValues>();
                value.map(|(account, region, name, _, _)| (account, region, name))
            });
            if let Some((account, region, name)) = &of {
                self.forget((*account, *region, name));
            }
        }
    }
}

/// The secret of this name, if there is one.
///
/// # Errors
/// Those of the store.
pub(super) async fn secret(
    cx: &mut Context<'_>,
    home: &Home,
    name: &str,
) -> Result<Option<SecretRow>, StoreError> {
    let of = (home.account, home.region, name);
    let kept = &cx.services.secrets.kept;
    // A change has to be based on what its transaction reads.
    let generation = cx.generations.secrets.filter(|_| reads_only(cx));
    if let Some(row) = generation.and_then(|generation| kept.get(of, generation)) {
        return Ok(Some(row));
    }
    let key = (home.account, home.region, name.to_owned());
    let row = Box::pin(cx.tx.get::<Secrets>(&key)).await?;
    let row = row.map(SecretRow::from);
    if let (Some(generation), Some(row)) = (generation, &row) {
        kept.keep(of, row, generation);
    }
    Ok(row)
}

/// What is stored of a version's value; nothing if it is not there.
///
/// # Errors
/// Those of the store. A conflict if what is kept may have led to where
/// nothing is any more.
pub(super) async fn value(
    cx: &mut Context<'_>,
    found: &FoundSecret,
    version_id: &str,
) -> Result<Option<Arc<SealedValue>>, StoreError> {
    let row = &found.secret;
    let may_be_kept = cx.generations.secrets.is_some() && reads_only(cx);
    if may_be_kept && let Some(value) = row.value(version_id) {
        return Ok(Some(Arc::clone(value)));
    }
    let place = place(found, version_id);
    let value = Box::pin(cx.tx.get::<SecretValues>(&place)).await?;
    let value = value.map(Arc::new);
    match &value {
        Some(value) if may_be_kept => {
            let kept = &cx.services.secrets.kept;
            let name = (found.home.account, found.home.region, row.name.as_str());
            kept.keep_value(name, row, version_id, value);
        }
        None if may_be_kept => return Err(StoreError::Conflict),
        _ => {}
    }
    Ok(value)
}

fn reads_only(cx: &Context<'_>) -> bool {
    cx.tx.mode() == Mode::Read
}
