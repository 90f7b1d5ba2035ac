//! The disk is full or fails: what was refused did not happen, and when the
//! disk is well again so is the store.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use strongroom_store::{Mode, Store, StoreError};

use crate::{
    disk::{Disk, Trouble},
    support::{Balances, Dice, Notes, balance, get_note, inspect, note, put_note, root},
};

/// Commits until it works again, at most for a minute.
async fn wait_until_well(store: &Store) {
    for _ in 0..6_000 {
        if put_note(store, "well", 0, "again").await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the store does not recover");
}

async fn contents(store: &Store) -> BTreeMap<u64, i64> {
    let mut transaction = store.begin(Mode::Read).await.unwrap();
    let rows = transaction
        .range::<Balances>((), None, usize::MAX)
        .await
        .unwrap();
    rows.into_iter()
        .map(|((key,), balance)| (key, balance.amount))
        .collect()
}

/// Random changes to the store and, where they succeed, to the model.
async fn change(store: &Store, dice: &mut Dice, model: &mut BTreeMap<u64, i64>) -> bool {
    let mut after = model.clone();
    let commit = async {
        let mut transaction = store.begin(Mode::Write).await?;
        for _ in 0..1 + dice.below(4) {
            let key = dice.below(30);
            if dice.below(4) == 0 {
                after.remove(&key);
                transaction.delete::<Balances>(&(key,))?;
            } else {
                let value = dice.below(1_000_000) as i64;
                after.insert(key, value);
                transaction.put::<Balances>(&(key,), &balance(value))?;
            }
        }
        transaction.commit(vec![b"change".to_vec()]).await
    };
    match commit.await {
        Ok(_) => {
            *model = after;
            true
        }
        Err(StoreError::Unavailable { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_commit_changes_nothing_and_the_store_recovers() {
    let mut refused = 0;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut model = BTreeMap::new();
        let disk = Disk::default();
        let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
        for _ in 0..5 {
            let trouble = [Trouble::Once, Trouble::Lasting][dice.below(2) as usize];
            disk.fail_in(dice.below(40), trouble);
            for _ in 0..12 {
                refused += usize::from(!change(&store, &mut dice, &mut model).await);
            }
            disk.heal();
            wait_until_well(&store).await;
            assert_eq!(contents(&store).await, model, "seed {seed}");
            assert_eq!(store.verify(inspect).await.unwrap().problems, []);
            // And it is not only the system's cache that has it right.
            let crashed = disk.after_crash(&mut dice);
            let crashed = Store::open_on(Arc::new(crashed), &root()).unwrap();
            assert_eq!(contents(&crashed).await, model, "seed {seed} after a crash");
            assert_eq!(crashed.verify(inspect).await.unwrap().problems, []);
        }
    }
    assert!(refused > 40, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_answers_reads_and_recovers() {
    let disk = Disk::default();
    let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
    put_note(&store, "first", 1, "kept").await.unwrap();
    disk.fail_in(0, Trouble::Full);
    let mut written = 0;
    let error = loop {
        match put_note(&store, "fill", written, &"x".repeat(100_000)).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(disk.failures() > 0);

    let mut transaction = store.begin(Mode::Read).await.unwrap();
    let kept = transaction
        .get::<Notes>(&("first".to_owned(), 1))
        .await
        .unwrap();
    assert_eq!(kept, Some(note("kept")));
    let filled = transaction
        .range::<Notes>(("fill",), None, usize::MAX)
        .await
        .unwrap();
    assert_eq!(filled.len() as u64, written);

    disk.heal();
    wait_until_well(&store).await;
    put_note(&store, "fill", written, &"x".repeat(100_000))
        .await
        .unwrap();
    assert_eq!(store.verify(inspect).await.unwrap().problems, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_is_never_absent() {
    let disk = Disk::default();
    let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
    for number in 0..200 {
        put_note(&store, "n", number, &"x".repeat(100))
            .await
            .unwrap();
    }
    drop(store);
    for round in 0..5 {
        let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
        // A commit that fails makes the file open anew, with nothing cached.
        disk.fail_in(round, Trouble::Once);
        let _ = put_note(&store, "more", round, "x").await;
        disk.fail_reads();
        let before = disk.failures();
        for number in 0..200 {
            match get_note(&store, "n", number).await {
                Ok(found) => assert!(found.is_some(), "{number}"),
                Err(StoreError::Unavailable { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert!(disk.failures() > before);
        disk.heal();
        wait_until_well(&store).await;
        for number in 0..200 {
            assert!(get_note(&store, "n", number).await.unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_commits_are_each_answered() {
    let disk = Disk::default();
    let store = Store::open_on(Arc::new(disk.clone()), &root()).unwrap();
    disk.fail_in(20, Trouble::Once);
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let done = put_note(&store, "n", number, "x").await;
                (number, done.is_ok())
            })
        })
        .collect();
    let mut wanted = Vec::new();
    for task in tasks {
        let (number, done) = task.await.unwrap();
        wanted.extend(done.then_some(number));
    }
    wait_until_well(&store).await;
    let mut transaction = store.begin(Mode::Read).await.unwrap();
    let rows = transaction
        .range::<Notes>(("n",), None, usize::MAX)
        .await
        .unwrap();
    let found: Vec<_> = rows.into_iter().map(|((_, number), _)| number).collect();
    assert_eq!(found, wanted);
}
