use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::{
    Seal, StoreError,
    backend::{Batch, Span},
    table::RawKey,
    tally::{TALLY_KEY, Tally, TallyKeys, outbox_key},
};

/// Keys of past commits kept for validation. A transaction during which more
/// were changed than that is told to start again.
const RECENT_KEYS: usize = 20_000;

/// Audit records forgotten by one commit at most, so that a long outbox does
/// not make one commit slow.
const FORGOTTEN_AT_ONCE: u64 = 1_000;

/// The rows that a ledger works on, within one transaction of the engine.
pub(crate) trait Rows {
    /// Replaces the value of a row, or deletes it; answers with the old one.
    fn set(&mut self, raw_key: &[u8], value: Option<&[u8]>) -> Result<Option<Vec<u8>>, StoreError>;
}

/// A transaction's wish to commit.
#[derive(Default)]
pub(crate) struct Intent {
    /// The newest commit that the transaction's snapshot is known to contain.
    pub(crate) snapshot: u64,
    pub(crate) read_keys: Vec<RawKey>,
    pub(crate) read_spans: Vec<Span>,
    pub(crate) batch: Batch,
}

/// Decides, for engines with a single writer, which transactions commit: those
/// that read nothing which was changed since their snapshot. They are then
/// serialisable in the order in which they come here.
///
/// It also keeps what commits must keep: the tally of all rows and the
/// positions of audit records.
pub(crate) struct Ledger {
    seal: Arc<Seal>,
    keys: TallyKeys,
    tally: Tally,
    recent: Recent,
}

/// What to return to when a group of commits came to nothing.
pub(crate) struct Mark(Tally);

impl Ledger {
    /// The ledger of a store without rows.
    pub(crate) fn new(seal: Arc<Seal>) -> Self {
        Self {
            keys: TallyKeys::new(&seal),
            seal,
            tally: Tally::default(),
            recent: Recent::default(),
        }
    }

    /// The ledger of a store with this tally.
    pub(crate) fn load(seal: Arc<Seal>, tally: &[u8]) -> Result<Self, StoreError> {
        let mut ledger = Self::new(seal);
        ledger.tally = ledger.keys.open(tally)?;
        Ok(ledger)
    }

    /// Starts a group of commits, which become durable together.
    pub(crate) fn begin_group(&mut self) -> Mark {
        self.recent.sequence += 1;
        Mark(self.tally.clone())
    }

    /// The number of the newest group.
    pub(crate) fn sequence(&self) -> u64 {
        self.recent.sequence
    }

    /// Commits since the store was made.
    pub(crate) fn commits(&self) -> u64 {
        self.tally.commits
    }

    /// Applies one transaction to the rows. Answers with the position of its
    /// last audit record, 0 if it has none. After an error other than
    /// [`StoreError::Conflict`] the whole group must be given up.
    pub(crate) fn apply(
        &mut self,
        rows: &mut dyn Rows,
        intent: &Intent,
    ) -> Result<u64, StoreError> {
        self.recent.validate(intent)?;
        let batch = &intent.batch;
        for (key, value) in &batch.writes {
            self.set(rows, key, value.as_deref())?;
        }
        self.recent.record(batch.writes.iter().map(|(key, _)| key));
        for record in &batch.audit {
            self.tally.position += 1;
            let key = outbox_key(self.tally.position);
            let sealed = self.seal.seal(&key, record);
            self.set(rows, &key, Some(&sealed))?;
        }
        let last = batch.forget_through.min(self.tally.position);
        let last = last.min(self.tally.forgotten.saturating_add(FORGOTTEN_AT_ONCE));
        while self.tally.forgotten < last {
            self.tally.forgotten += 1;
            self.set(rows, &outbox_key(self.tally.forgotten), None)?;
        }
        self.tally.commits += 1;
        Ok(match batch.audit.len() {
            0 => 0,
            _ => self.tally.position,
        })
    }

    /// Ends a group: writes the row that holds the tally, and answers with it.
    pub(crate) fn end_group(&mut self, rows: &mut dyn Rows) -> Result<Vec<u8>, StoreError> {
        let row = self.tally_row();
        rows.set(TALLY_KEY, Some(&row))?;
        Ok(row)
    }

    /// The row that holds the tally; another one each time.
    pub(crate) fn tally_row(&self) -> Vec<u8> {
        self.keys.seal(&self.tally)
    }

    /// Forgets a group that came to nothing.
    pub(crate) fn give_up(&mut self, mark: Mark) {
        self.tally = mark.0;
    }

    fn set(
        &mut self,
        rows: &mut dyn Rows,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let old = rows.set(key, value)?;
        if crate::seal::is_meta(key) {
            return Ok(());
        }
        if let Some(old) = old {
            self.tally.subtract(&self.keys, key, &old);
        }
        if let Some(value) = value {
            self.tally.add(&self.keys, key, value);
        }
        Ok(())
    }
}

/// Which keys the last commits changed.
#[derive(Default)]
struct Recent {
    /// The newest group of commits.
    sequence: u64,
    /// Of groups up to this one the keys are no longer known.
    horizon: u64,
    /// The newest group that changed a key.
    changed: BTreeMap<RawKey, u64>,
    /// The same in the order of groups, with duplicates.
    order: VecDeque<(u64, RawKey)>,
}

impl Recent {
    fn validate(&self, intent: &Intent) -> Result<(), StoreError> {
        let reads = !intent.read_keys.is_empty() || !intent.read_spans.is_empty();
        // Without writes the transaction is serialisable at its snapshot.
        if !reads || intent.batch.writes.is_empty() {
            return Ok(());
        }
        let newer = |group: &u64| *group > intent.snapshot;
        let span_changed = |span: &Span| {
            self.changed
                .range(span.start.clone()..)
                .take_while(|(key, _)| span.contains(key))
                .any(|(_, group)| newer(group))
        };
        let stale = intent.snapshot < self.horizon
            || intent
                .read_keys
                .iter()
                .any(|key| self.changed.get(key).is_some_and(newer))
            || intent.read_spans.iter().any(span_changed);
        if stale {
            return Err(StoreError::Conflict);
        }
        Ok(())
    }

    fn record<'a>(&mut self, keys: impl Iterator<Item = &'a RawKey>) {
        for key in keys {
            self.changed.insert(key.clone(), self.sequence);
            self.order.push_back((self.sequence, key.clone()));
        }
        while self.order.len() > RECENT_KEYS {
            let Some((group, key)) = self.order.pop_front() else {
                break;
            };
            self.horizon = group;
            if self.changed.get(&key) == Some(&group) {
                self.changed.remove(&key);
            }
        }
    }
}
