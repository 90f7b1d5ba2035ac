//! Concurrent transactions have the effect of some order of them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use strongroom_store::{Change, CommitObserver, Mode, Store, StoreError};

use super::each_backend;
use crate::support::{Balances, Dice, Notes, balance, inspect, note, put_note};

async fn amount(store: &Store, number: u64) -> i64 {
    let mut transaction = store.begin(Mode::Read).await.unwrap();
    let balance = transaction.get::<Balances>(&(number,)).await.unwrap();
    balance.unwrap_or_default().amount
}

#[test]
fn transfers_keep_the_sum() {
    const ACCOUNTS: u64 = 5;
    each_backend(|store| async move {
        let tasks: Vec<_> = (0..8)
            .map(|seed| tokio::spawn(transfers(store.clone(), seed)))
            .collect();
        for _ in 0..50 {
            let mut snapshot = store.begin(Mode::Read).await.unwrap();
            let all = snapshot.range::<Balances>((), None, 100).await.unwrap();
            assert_eq!(
                all.iter().map(|(_, balance)| balance.amount).sum::<i64>(),
                0
            );
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        let mut total = 0;
        for account in 0..ACCOUNTS {
            total += amount(&store, account).await;
        }
        assert_eq!(total, 0);
        assert_eq!(store.verify(inspect).await.unwrap().problems, []);
    });

    async fn transfers(store: Store, seed: u64) {
        let mut dice = Dice(seed);
        for _ in 0..40 {
            let (from, to) = (dice.below(ACCOUNTS), dice.below(ACCOUNTS));
            let sum = dice.below(100) as i64;
            while let Err(error) = transfer(&store, from, to, sum).await {
                assert!(matches!(error, StoreError::Conflict), "{error}");
            }
        }
    }

    async fn transfer(store: &Store, from: u64, to: u64, sum: i64) -> Result<(), StoreError> {
        let mut transaction = store.begin(Mode::Write).await?;
        for (account, change) in [(from, -sum), (to, sum)] {
            let before = transaction.get::<Balances>(&(account,)).await?;
            let after = before.unwrap_or_default().amount + change;
            transaction.put::<Balances>(&(account,), &balance(after))?;
        }
        transaction
            .commit(vec![b"transfer".to_vec()])
            .await
            .map(drop)
    }
}

#[test]
fn of_two_that_would_skew_one_is_refused() {
    each_backend(|store| async move {
        let mut first = store.begin(Mode::Write).await.unwrap();
        let mut second = store.begin(Mode::Write).await.unwrap();
        for transaction in [&mut first, &mut second] {
            let both = transaction
                .get_many::<Balances>(&[(1,), (2,)])
                .await
                .unwrap();
            assert_eq!(both, [None, None]);
        }
        first.put::<Balances>(&(1,), &balance(1)).unwrap();
        second.put::<Balances>(&(2,), &balance(1)).unwrap();
        first.commit(Vec::new()).await.unwrap();
        let refused = second.commit(Vec::new()).await;
        assert!(matches!(refused, Err(StoreError::Conflict)));
        assert_eq!((amount(&store, 1).await, amount(&store, 2).await), (1, 0));
    });
}

#[test]
fn a_row_that_appears_in_a_range_read_before_is_a_conflict() {
    each_backend(|store| async move {
        for number in [10, 20, 30] {
            put_note(&store, "n", number, "there").await.unwrap();
        }
        // (rows asked for, the row that appears meanwhile, whether it was in what was read)
        for (limit, appears, conflict) in [
            (9, 5, true),
            (9, 40, true),
            (2, 15, true),
            (2, 25, false),
            (0, 16, false),
        ] {
            let mut reader = store.begin(Mode::Write).await.unwrap();
            reader.range::<Notes>(("n",), None, limit).await.unwrap();
            reader.put::<Balances>(&(1,), &balance(1)).unwrap();
            put_note(&store, "n", appears, "new").await.unwrap();
            let committed = reader.commit(Vec::new()).await;
            let case = format!("limit {limit}, {appears} appears");
            assert_eq!(
                matches!(committed, Err(StoreError::Conflict)),
                conflict,
                "{case}"
            );
            let mut clean = store.begin(Mode::Write).await.unwrap();
            clean.delete::<Notes>(&("n".to_owned(), appears)).unwrap();
            clean.commit(Vec::new()).await.unwrap();
        }
        // Own writes do not hide what was read: the range goes on past them.
        let mut reader = store.begin(Mode::Write).await.unwrap();
        reader
            .put::<Notes>(&("n".to_owned(), 1), &note("own"))
            .unwrap();
        reader.range::<Notes>(("n",), None, 2).await.unwrap();
        let mut other = store.begin(Mode::Write).await.unwrap();
        other.delete::<Notes>(&("n".to_owned(), 10)).unwrap();
        other.commit(Vec::new()).await.unwrap();
        assert!(matches!(
            reader.commit(Vec::new()).await,
            Err(StoreError::Conflict)
        ));
    });
}

#[test]
fn a_transaction_that_slept_through_too_much_starts_again() {
    each_backend(|store| async move {
        let mut sleeper = store.begin(Mode::Write).await.unwrap();
        sleeper.get::<Balances>(&(1,)).await.unwrap();
        sleeper.put::<Balances>(&(1,), &balance(1)).unwrap();
        for chunk in 0..21 {
            let mut transaction = store.begin(Mode::Write).await.unwrap();
            for number in 0..1_000 {
                let key = (100 + chunk * 1_000 + number,);
                transaction.put::<Balances>(&key, &balance(1)).unwrap();
            }
            transaction.commit(Vec::new()).await.unwrap();
        }
        assert!(matches!(
            sleeper.commit(Vec::new()).await,
            Err(StoreError::Conflict)
        ));
    });
}

/// What a transaction read and wrote, by its number.
#[derive(Clone, Default)]
struct Deed {
    reads: Vec<(u64, Option<i64>)>,
    first_of_range: (u64, Option<u64>),
    writes: Vec<(u64, i64)>,
}

/// The order in which transactions committed, from the row each writes.
#[derive(Default)]
struct Order(Mutex<Vec<u64>>);

impl CommitObserver for Order {
    fn committed(&self, changes: &[Change]) {
        let own = changes.iter().find_map(|change| change.key::<Notes>());
        self.0.lock().unwrap().push(own.unwrap().1);
    }
}

/// Replays all that committed, in the order of commits: each must have read
/// what the ones before it wrote.
#[test]
fn every_transaction_read_what_those_before_it_wrote() {
    each_backend(|store| async move {
        let order = Arc::new(Order::default());
        store.observe(Arc::clone(&order) as Arc<dyn CommitObserver>);
        let deeds = Arc::new(Mutex::new(BTreeMap::new()));
        let tasks: Vec<_> = (0..8)
            .map(|task| tokio::spawn(work(store.clone(), task, Arc::clone(&deeds))))
            .collect();
        let mut refused = 0;
        for task in tasks {
            refused += task.await.unwrap();
        }
        let deeds = deeds.lock().unwrap();
        let order = order.0.lock().unwrap();
        assert_eq!(order.len(), deeds.len());
        println!("{} committed, {refused} refused", order.len());
        let mut state = BTreeMap::new();
        for number in order.iter() {
            let Deed {
                reads,
                first_of_range: (from, first),
                writes,
            } = &deeds[number];
            for (key, value) in reads {
                assert_eq!(state.get(key), value.as_ref(), "transaction {number}");
            }
            let wanted = state.range(from..).next().map(|(key, _)| *key);
            assert_eq!(wanted, *first, "transaction {number}");
            state.extend(writes.iter().copied());
        }
    });

    async fn work(store: Store, task: u64, deeds: Arc<Mutex<BTreeMap<u64, Deed>>>) -> usize {
        let mut dice = Dice(task);
        let mut refused = 0;
        for round in 0..60 {
            let number = task * 1_000 + round;
            match attempt(&store, &mut dice, number).await {
                Ok(deed) => drop(deeds.lock().unwrap().insert(number, deed)),
                Err(StoreError::Conflict) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        refused
    }

    async fn attempt(store: &Store, dice: &mut Dice, number: u64) -> Result<Deed, StoreError> {
        let mut deed = Deed::default();
        let mut transaction = store.begin(Mode::Write).await?;
        for _ in 0..2 {
            let key = dice.below(40);
            let found = transaction.get::<Balances>(&(key,)).await?;
            deed.reads.push((key, found.map(|balance| balance.amount)));
            tokio::task::yield_now().await;
        }
        let from = 1 + dice.below(40);
        let next = transaction
            .range::<Balances>((), Some(&(from - 1,)), 1)
            .await?;
        deed.first_of_range = (from, next.first().map(|(key, _)| key.0));
        for _ in 0..2 {
            let key = dice.below(40);
            let value = (number * 10 + deed.writes.len() as u64) as i64;
            transaction.put::<Balances>(&(key,), &balance(value))?;
            deed.writes.push((key, value));
        }
        transaction.put::<Notes>(&("done".to_owned(), number), &note(""))?;
        transaction.commit(Vec::new()).await?;
        Ok(deed)
    }
}
