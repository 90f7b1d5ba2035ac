//! What every backend must do.

use std::sync::{Arc, Mutex};

use redb::backends::InMemoryBackend;
use strongroom_store::{Change, CommitObserver, Mode, Store, StoreError, Table};

use crate::support::{Balances, Dice, Notes, balance, get_note, note, put_note, root};

mod lockstep;
mod serial;

/// Runs `exercise` on a fresh store of each backend.
pub fn each_backend<F: Future<Output = ()>>(mut exercise: impl FnMut(Store) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let embedded = Store::open_on(Arc::new(InMemoryBackend::new()), &root()).unwrap();
    for (name, store) in [("memory", Store::in_memory()), ("embedded", embedded)] {
        println!("backend: {name}");
        runtime.block_on(exercise(store));
    }
}

#[test]
fn a_transaction_sees_its_snapshot_and_its_own_changes() {
    each_backend(|store| async move {
        put_note(&store, "a", 1, "old").await.unwrap();
        let key = ("a".to_owned(), 1);

        let mut reader = store.begin(Mode::Read).await.unwrap();
        let mut writer = store.begin(Mode::Write).await.unwrap();
        writer.put::<Notes>(&key, &note("new")).unwrap();
        writer
            .put::<Notes>(&("a".to_owned(), 2), &note("more"))
            .unwrap();
        assert_eq!(writer.get::<Notes>(&key).await.unwrap(), Some(note("new")));
        assert_eq!(get_note(&store, "a", 1).await.unwrap().unwrap(), "old");
        writer.commit(Vec::new()).await.unwrap();

        assert_eq!(get_note(&store, "a", 1).await.unwrap().unwrap(), "new");
        assert_eq!(reader.get::<Notes>(&key).await.unwrap(), Some(note("old")));
        let seen = reader.range::<Notes>(("a",), None, 10).await.unwrap();
        assert_eq!(seen, [(key.clone(), note("old"))]);

        let mut writer = store.begin(Mode::Write).await.unwrap();
        writer.delete::<Notes>(&key).unwrap();
        assert_eq!(writer.get::<Notes>(&key).await.unwrap(), None);
        drop(writer);
        assert_eq!(get_note(&store, "a", 1).await.unwrap().unwrap(), "new");
    });
}

#[test]
fn a_prefix_reads_its_own_rows_only() {
    each_backend(|store| async move {
        for (name, number) in [("a", 1), ("a", 2), ("ab", 1), ("b", 1)] {
            put_note(&store, name, number, name).await.unwrap();
        }
        let mut transaction = store.begin(Mode::Read).await.unwrap();
        let mut keys = async |prefix: &str, after: Option<u64>, limit| {
            let after = after.map(|number| (prefix.to_owned(), number));
            let rows = transaction
                .range::<Notes>((prefix,), after.as_ref(), limit)
                .await;
            let rows = rows.unwrap();
            let keys = transaction
                .keys::<Notes>((prefix,), after.as_ref(), limit)
                .await;
            assert!(keys.unwrap().iter().eq(rows.iter().map(|(key, _)| key)));
            rows.into_iter().map(|(key, _)| key.1).collect::<Vec<_>>()
        };
        assert_eq!(keys("a", None, 10).await, [1, 2]);
        assert_eq!(keys("a", Some(1), 10).await, [2]);
        assert_eq!(keys("a", Some(2), 10).await, [0; 0]);
        assert_eq!(keys("a", None, 1).await, [1]);
        assert_eq!(keys("a", None, 0).await, [0; 0]);
        assert_eq!(keys("ab", None, 10).await, [1]);
        assert_eq!(keys("", None, 10).await, [0; 0]);
        let all = transaction
            .range::<Notes>((), None, usize::MAX)
            .await
            .unwrap();
        assert_eq!(all.len(), 4);
        let beyond = ("zz".to_owned(), 0);
        let none = transaction.range::<Notes>(("a",), Some(&beyond), 10).await;
        assert_eq!(none.unwrap(), []);
    });
}

#[test]
fn a_read_transaction_changes_nothing() {
    each_backend(|store| async move {
        let mut transaction = store.begin(Mode::Read).await.unwrap();
        let key = ("a".to_owned(), 1);
        let refused = transaction.put::<Notes>(&key, &note("x"));
        assert!(matches!(
            refused,
            Err(StoreError::ReadOnly { table: "notes" })
        ));
        let refused = transaction.delete::<Notes>(&key);
        assert!(matches!(refused, Err(StoreError::ReadOnly { .. })));
        assert_eq!(transaction.commit(Vec::new()).await.unwrap().position, 0);
    });
}

#[test]
fn what_is_too_large_is_refused() {
    each_backend(|store| async move {
        let mut transaction = store.begin(Mode::Write).await.unwrap();
        let refused = transaction.put::<Notes>(&("k".repeat(5_000), 1), &note("x"));
        assert!(matches!(
            refused,
            Err(StoreError::TooLarge { what: "a key", .. })
        ));
    });
}

#[test]
fn audit_records_commit_with_their_changes_and_stay_until_they_are_done() {
    each_backend(|store| async move {
        let record = |n: u64| format!("record {n}").into_bytes();
        let mut transaction = store.begin(Mode::Write).await.unwrap();
        transaction.put::<Balances>(&(1,), &balance(1)).unwrap();
        let committed = transaction
            .commit(vec![record(1), record(2)])
            .await
            .unwrap();
        assert_eq!(committed.position, 2);

        // A refused commit leaves no record either.
        let mut refused = store.begin(Mode::Write).await.unwrap();
        refused.get::<Balances>(&(1,)).await.unwrap();
        refused.put::<Balances>(&(1,), &balance(3)).unwrap();
        let mut other = store.begin(Mode::Write).await.unwrap();
        other.put::<Balances>(&(1,), &balance(2)).unwrap();
        assert_eq!(other.commit(vec![record(3)]).await.unwrap().position, 3);
        let refused = refused.commit(vec![b"never".to_vec()]).await;
        assert!(matches!(refused, Err(StoreError::Conflict)));

        // One without changes is recorded too.
        let reader = store.begin(Mode::Read).await.unwrap();
        assert_eq!(reader.commit(vec![record(4)]).await.unwrap().position, 4);

        let all: Vec<_> = (1..=4).map(|n| (n, record(n))).collect();
        assert_eq!(store.outbox(0, 10).await.unwrap(), all);
        assert_eq!(store.outbox(1, 2).await.unwrap(), all[1..3]);
        assert_eq!(store.outbox(4, 2).await.unwrap(), []);
        assert_eq!(store.outbox(u64::MAX, 2).await.unwrap(), []);

        store.outbox_done(3);
        put_note(&store, "any", 1, "commit").await.unwrap();
        assert_eq!(store.outbox(0, 10).await.unwrap(), all[3..]);
        assert!(store.verify(|_| Ok(())).await.unwrap().is_sound());
    });
}

struct Follower(Mutex<Vec<(u64, Option<i64>)>>);

impl CommitObserver for Follower {
    fn committed(&self, changes: &[Change]) {
        for change in changes {
            assert!(change.is::<Balances>() && !change.is::<Notes>());
            assert_eq!(change.key::<Notes>(), None);
            let (number,) = change.key::<Balances>().unwrap();
            let amount = change.record::<Balances>().map(|balance| balance.amount);
            assert_eq!(amount.is_none(), change.is_deleted());
            self.0.lock().unwrap().push((number, amount));
        }
    }
}

#[test]
fn observers_know_before_the_commit_is_answered() {
    each_backend(|store| async move {
        let follower = Arc::new(Follower(Mutex::default()));
        store.observe(Arc::clone(&follower) as Arc<dyn CommitObserver>);
        for amount in 0..20 {
            let mut transaction = store.begin(Mode::Write).await.unwrap();
            transaction
                .put::<Balances>(&(3,), &balance(amount))
                .unwrap();
            transaction.commit(Vec::new()).await.unwrap();
            assert_eq!(follower.0.lock().unwrap().last(), Some(&(3, Some(amount))));
        }
        let mut transaction = store.begin(Mode::Write).await.unwrap();
        transaction.delete::<Balances>(&(3,)).unwrap();
        transaction.commit(Vec::new()).await.unwrap();
        assert_eq!(follower.0.lock().unwrap().last(), Some(&(3, None)));
        assert_eq!(follower.0.lock().unwrap().len(), 21);
    });
}

/// Requests move between threads while they wait.
#[test]
fn what_waits_can_move_between_threads() {
    fn movable<T: Send>(_: &T) {}
    let store = Store::in_memory();
    movable(&store.begin(Mode::Read));
    movable(&store.outbox(0, 1));
    movable(&store.close());
    movable(&store.verify(|_| Ok(())));
    movable(&store.backup(std::path::Path::new("unused")));
}

#[test]
fn a_closed_store_says_so() {
    each_backend(|store| async move {
        let mut transaction = store.begin(Mode::Write).await.unwrap();
        transaction.put::<Balances>(&(1,), &balance(1)).unwrap();
        store.close().await.unwrap();
        let late = transaction.commit(Vec::new()).await;
        assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
        let late = store.begin(Mode::Read).await.map(drop);
        assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
        store.close().await.unwrap();
    });
}

#[test]
fn many_keys_come_back_in_the_order_they_were_asked() {
    each_backend(|store| async move {
        let mut dice = Dice(1);
        let mut transaction = store.begin(Mode::Write).await.unwrap();
        for number in 0..100 {
            transaction
                .put::<Balances>(&(number,), &balance(number as i64))
                .unwrap();
        }
        transaction.commit(Vec::new()).await.unwrap();
        let mut transaction = store.begin(Mode::Write).await.unwrap();
        transaction.put::<Balances>(&(5,), &balance(-5)).unwrap();
        transaction.delete::<Balances>(&(6,)).unwrap();
        let keys: Vec<(u64,)> = (0..300)
            .map(|_| (dice.below(120),))
            .chain([(5,), (6,)])
            .collect();
        let found = transaction.get_many::<Balances>(&keys).await.unwrap();
        assert_eq!(found.len(), keys.len());
        for ((number,), found) in keys.iter().zip(found) {
            let wanted = match number {
                5 => Some(-5),
                6 | 100.. => None,
                other => Some(*other as i64),
            };
            assert_eq!(found.map(|balance| balance.amount), wanted, "{number}");
        }
        assert_eq!(Balances::ID, 8);
    });
}
