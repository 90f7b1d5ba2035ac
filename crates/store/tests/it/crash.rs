//! The power is cut: no acknowledged write is lost, and none is left in half.

use std::sync::Arc;

use strongroom_store::{Mode, Store, StoreError};

use crate::{
    disk::{Disk, Trouble},
    support::{Balances, Dice, balance, inspect, root},
};

/// Tasks that write at once, each its own rows.
const TASKS: u64 = 4;
/// Rows of a task, which always hold the same number.
const ROWS: u64 = 5;

/// The task's rows get the next number, in one transaction with its record.
async fn advance(store: &Store, task: u64, number: i64) -> Result<(), StoreError> {
    let mut transaction = store.begin(Mode::Write).await?;
    for row in 0..ROWS {
        transaction.put::<Balances>(&(task * ROWS + row,), &balance(number))?;
    }
    let record = format!("{task} {number}").into_bytes();
    transaction.commit(vec![record]).await.map(drop)
}

/// The number that all of the task's rows hold.
async fn number_of(store: &Store, task: u64) -> i64 {
    let mut transaction = store.begin(Mode::Read).await.unwrap();
    let keys: Vec<_> = (0..ROWS).map(|row| (task * ROWS + row,)).collect();
    let rows = transaction.get_many::<Balances>(&keys).await.unwrap();
    let mut numbers = rows.into_iter().map(|row| row.unwrap_or_default().amount);
    let number = numbers.next().unwrap();
    assert!(
        numbers.all(|other| other == number),
        "half of a transaction"
    );
    number
}

async fn round(disk: Disk, dice: &mut Dice, reached: &mut [i64]) -> Disk {
    let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
    let report = store.verify(inspect).await.unwrap();
    assert_eq!(report.problems, []);
    for (task, reached) in (0..TASKS).zip(reached.iter_mut()) {
        let found = number_of(&store, task).await;
        // The one that was not acknowledged may have come through, whole.
        assert!(
            found == *reached || found == *reached + 1,
            "{found} is not {reached}"
        );
        *reached = found;
    }
    let records = store.outbox(0, usize::MAX).await.unwrap();
    assert_eq!(records.len() as i64, reached.iter().sum::<i64>());

    disk.fail_in(dice.below(150), Trouble::Lasting);
    let tasks: Vec<_> = (0..TASKS)
        .zip(reached.iter().copied())
        .map(|(task, mut number)| {
            let store = store.clone();
            tokio::spawn(async move {
                while advance(&store, task, number + 1).await.is_ok() {
                    number += 1;
                }
                number
            })
        })
        .collect();
    for (task, reached) in tasks.into_iter().zip(reached) {
        *reached = task.await.unwrap();
    }
    disk.after_crash(dice)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_no_acknowledged_write_and_leaves_none_in_half() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let mut reached = [0; TASKS as usize];
        // The crash may come while the store is made, or opened.
        let mut disk = Disk::default();
        drop(Store::open_on(Arc::new(disk.clone()), &root()).unwrap());
        for _ in 0..25 {
            disk = round(disk, &mut dice, &mut reached).await;
        }
        assert!(reached.iter().sum::<i64>() > 50, "{reached:?}");
    }
}

/// A crash while the file is opened after a crash.
#[tokio::test]
async fn opening_can_crash_and_be_done_again() {
    let mut dice = Dice(7);
    let mut disk = Disk::default();
    let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
    advance(&store, 0, 1).await.unwrap();
    drop(store);
    for number in 1..120 {
        disk.fail_in(dice.below(12), Trouble::Lasting);
        match Store::open_on(Arc::new(disk.clone()), &root()) {
            Ok(store) => drop(advance(&store, 1, number).await),
            Err(StoreError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        disk = disk.after_crash(&mut dice);
        let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
        assert_eq!(number_of(&store, 0).await, 1);
        number_of(&store, 1).await;
        assert_eq!(store.verify(inspect).await.unwrap().problems, []);
    }
}
