use std::{
    collections::BTreeMap,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    Mode, Seal, StoreError,
    backend::{Answer, Backend, BackendTransaction, Batch, RawRow, Span},
    ledger::{Intent, Ledger, Rows},
    table::RawKey,
    tally::TALLY_KEY,
};

/// An ordered map in memory: the plainest thing that is a backend. For tests;
/// a commit copies the map when a snapshot of it is alive.
pub(crate) struct Memory(Arc<Mutex<State>>);

struct State {
    rows: Arc<Map>,
    ledger: Ledger,
    closed: bool,
}

type Map = BTreeMap<RawKey, Vec<u8>>;

struct Snapshot {
    memory: Arc<Mutex<State>>,
    mode: Mode,
    rows: Arc<Map>,
    intent: Intent,
}

impl Memory {
    /// An empty one.
    pub(crate) fn new(seal: Arc<Seal>) -> Self {
        let ledger = Ledger::new(seal);
        let rows = BTreeMap::from([(TALLY_KEY.to_vec(), ledger.tally_row())]);
        Self(Arc::new(Mutex::new(State {
            rows: Arc::new(rows),
            ledger,
            closed: false,
        })))
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Backend for Memory {
    fn begin(&self, mode: Mode) -> Answer<'_, Box<dyn BackendTransaction>> {
        let state = lock(&self.0);
        let begun = if state.closed {
            Err(StoreError::Closed)
        } else {
            Ok(Box::new(Snapshot {
                memory: Arc::clone(&self.0),
                mode,
                rows: Arc::clone(&state.rows),
                intent: Intent {
                    snapshot: state.ledger.sequence(),
                    ..Intent::default()
                },
            }) as Box<dyn BackendTransaction>)
        };
        Box::pin(ready(begun))
    }

    fn close(&self) -> Answer<'_, ()> {
        lock(&self.0).closed = true;
        Box::pin(ready(Ok(())))
    }
}

impl BackendTransaction for Snapshot {
    fn get(&mut self, keys: Vec<RawKey>) -> Answer<'_, Vec<Option<Vec<u8>>>> {
        let values = keys.iter().map(|key| self.rows.get(key).cloned()).collect();
        if self.mode == Mode::Write {
            self.intent.read_keys.extend(keys);
        }
        Box::pin(ready(Ok(values)))
    }

    fn range(&mut self, span: Span, limit: usize) -> Answer<'_, Vec<RawRow>> {
        let rows: Vec<RawRow> = self
            .rows
            .range(span.start.clone()..)
            .take_while(|(key, _)| span.contains(key))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if self.mode == Mode::Write {
            self.intent.read_spans.push(span.as_read(&rows, limit));
        }
        Box::pin(ready(Ok(rows)))
    }

    fn commit(self: Box<Self>, batch: Batch) -> Answer<'static, u64> {
        let Self {
            memory,
            rows,
            mut intent,
            ..
        } = *self;
        // Without the snapshot the map need not be copied.
        drop(rows);
        intent.batch = batch;
        Box::pin(ready(commit(&memory, intent)))
    }
}

fn commit(memory: &Mutex<State>, mut intent: Intent) -> Result<u64, StoreError> {
    let mut state = lock(memory);
    if state.closed {
        return Err(StoreError::Closed);
    }
    let state = &mut *state;
    let mark = state.ledger.begin_group();
    let rows = Arc::make_mut(&mut state.rows);
    let position = state.ledger.apply(rows, &intent).and_then(|position| {
        state.ledger.end_group(rows)?;
        Ok(position)
    });
    match &position {
        Ok(_) => {
            if let Some(then) = intent.batch.then.take() {
                then();
            }
        }
        Err(_) => state.ledger.give_up(mark),
    }
    position
}

impl Rows for Map {
    fn set(&mut self, raw_key: &[u8], value: Option<&[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(match value {
            Some(value) => self.insert(raw_key.to_vec(), value.to_vec()),
            None => self.remove(raw_key),
        })
    }
}
