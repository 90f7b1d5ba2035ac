//! Random operations, side by side with a `BTreeMap`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use redb::backends::InMemoryBackend;
use strongroom_store::{Change, CommitObserver, Mode, Store, Transaction};

use crate::support::{Notes, inspect, note, root};

type Key = (String, u64);
type Model = BTreeMap<Key, String>;

#[derive(Clone, Debug)]
enum Step {
    Get(Key),
    Put(Key, String),
    Delete(Key),
    Range {
        name: Option<String>,
        after: Option<Key>,
        limit: usize,
    },
    Commit(usize),
    Abandon,
}

fn key() -> impl Strategy<Value = Key> {
    (
        prop_oneof![Just(""), Just("a"), Just("a\0"), Just("ab"), Just("b")],
        0..4u64,
    )
        .prop_map(|(name, number)| (name.to_owned(), number))
}

fn step() -> impl Strategy<Value = Step> {
    let range = (
        proptest::option::of(key().prop_map(|key| key.0)),
        proptest::option::of(key()),
        0..6usize,
    );
    prop_oneof![
        2 => key().prop_map(Step::Get),
        4 => (key(), ".{0,3}").prop_map(|(key, text)| Step::Put(key, text)),
        2 => key().prop_map(Step::Delete),
        3 => range.prop_map(|(name, after, limit)| Step::Range { name, after, limit }),
        1 => (0..3usize).prop_map(Step::Commit),
        1 => Just(Step::Abandon),
    ]
}

/// What an index fed by commits would hold.
#[derive(Default)]
struct Index(Mutex<Model>);

impl CommitObserver for Index {
    fn committed(&self, changes: &[Change]) {
        let mut model = self.0.lock().unwrap();
        for change in changes {
            let key = change.key::<Notes>().unwrap();
            match change.record::<Notes>() {
                Some(note) => model.insert(key, note.text),
                None => model.remove(&key),
            };
        }
    }
}

async fn lockstep(store: Store, steps: &[Step]) {
    let index = Arc::new(Index::default());
    store.observe(Arc::clone(&index) as Arc<dyn CommitObserver>);
    let mut committed = Model::new();
    let mut current = Model::new();
    let mut records = 0;
    let mut transaction = store.begin(Mode::Write).await.unwrap();
    for step in steps {
        match step {
            Step::Get(key) => {
                let found = transaction.get::<Notes>(key).await.unwrap();
                assert_eq!(found.map(|note| note.text).as_ref(), current.get(key));
            }
            Step::Put(key, text) => {
                transaction.put::<Notes>(key, &note(text)).unwrap();
                current.insert(key.clone(), text.clone());
            }
            Step::Delete(key) => {
                transaction.delete::<Notes>(key).unwrap();
                current.remove(key);
            }
            Step::Range { name, after, limit } => {
                let found = range(&mut transaction, name.as_deref(), after.as_ref(), *limit).await;
                let wanted: Vec<_> = current
                    .iter()
                    .filter(|(key, _)| name.as_ref().is_none_or(|name| key.0 == *name))
                    .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after))
                    .take(*limit)
                    .map(|(key, text)| (key.clone(), text.clone()))
                    .collect();
                assert_eq!(found, wanted, "{step:?}");
            }
            Step::Commit(audit) => {
                transaction
                    .commit(vec![b"done".to_vec(); *audit])
                    .await
                    .unwrap();
                records += audit;
                committed = current.clone();
                assert_eq!(*index.0.lock().unwrap(), committed);
                transaction = store.begin(Mode::Write).await.unwrap();
            }
            Step::Abandon => {
                current = committed.clone();
                transaction = store.begin(Mode::Write).await.unwrap();
            }
        }
    }
    drop(transaction);
    let report = store.verify(inspect).await.unwrap();
    assert_eq!(report.problems, []);
    let rows: u64 = report.tables.values().sum();
    assert_eq!(rows, (committed.len() + records) as u64);
}

async fn range(
    transaction: &mut Transaction,
    name: Option<&str>,
    after: Option<&Key>,
    limit: usize,
) -> Vec<(Key, String)> {
    let rows = match name {
        Some(name) => transaction.range::<Notes>((name,), after, limit).await,
        None => transaction.range::<Notes>((), after, limit).await,
    };
    let rows = rows.unwrap().into_iter();
    rows.map(|(key, note)| (key, note.text)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn behaves_as_an_ordered_map(steps in proptest::collection::vec(step(), 0..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(lockstep(Store::in_memory(), &steps));
        let embedded = Store::open_on(Arc::new(InMemoryBackend::new()), &root()).unwrap();
        runtime.block_on(lockstep(embedded, &steps));
    }
}
