//! Someone or something changes the file behind the store's back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use redb::{Database, TableDefinition};
use strongroom_store::{Mode, Store, StoreError, Table, VerifyReport};

use crate::support::{Balance, Balances, Dice, Notes, balance, get_note, inspect, put_note, root};

const ROWS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("rows");
const COUNT: u64 = 60;

fn text(number: u64) -> String {
    format!("note {number} ").repeat(20 + number as usize % 7 * 40)
}

/// A small store, closed.
async fn small_store(directory: &Path) -> PathBuf {
    let (path, store) = open_small_store(directory).await;
    store.close().await.unwrap();
    path
}

async fn open_small_store(directory: &Path) -> (PathBuf, Store) {
    let path = directory.join("store");
    let store = Store::open(&path, &root()).unwrap();
    for number in 0..COUNT {
        put_note(&store, "n", number, &text(number)).await.unwrap();
    }
    for version in 0..3 {
        let mut transaction = store.begin(Mode::Write).await.unwrap();
        transaction
            .put::<Balances>(&(1,), &balance(version))
            .unwrap();
        transaction.commit(vec![b"record".to_vec()]).await.unwrap();
    }
    (path, store)
}

async fn check_reads(store: &Store, place: &str) -> usize {
    let mut errors = 0;
    for number in 0..COUNT {
        match get_note(store, "n", number).await {
            Ok(found) => assert_eq!(found, Some(text(number)), "{place}: row {number}"),
            Err(StoreError::Corrupt { .. }) => errors += 1,
            Err(error) => panic!("{place}: {error}"),
        }
    }
    match get_balance(store).await {
        Ok(found) => assert_eq!(found, Some(balance(2)), "{place}: an older value"),
        Err(StoreError::Corrupt { .. }) => errors += 1,
        Err(error) => panic!("{place}: {error}"),
    }
    match count_notes(store).await {
        Ok(count) => assert_eq!(count, COUNT as usize, "{place}"),
        Err(StoreError::Corrupt { .. }) => errors += 1,
        Err(error) => panic!("{place}: {error}"),
    }
    errors
}

async fn get_balance(store: &Store) -> Result<Option<Balance>, StoreError> {
    store.begin(Mode::Read).await?.get::<Balances>(&(1,)).await
}

async fn count_notes(store: &Store) -> Result<usize, StoreError> {
    let mut transaction = store.begin(Mode::Read).await?;
    let rows = transaction.range::<Notes>(("n",), None, usize::MAX).await?;
    Ok(rows.len())
}

#[tokio::test]
async fn a_flipped_bit_never_makes_a_wrong_answer() {
    let directory = tempfile::tempdir().unwrap();
    let (path, store) = open_small_store(directory.path()).await;
    // As a crash leaves it: the newest commit is in one slot of the header,
    // the one before it in the other.
    let sound = fs::read(&path).unwrap();
    drop(store);
    let used: Vec<usize> = (0..sound.len())
        .filter(|&place| sound[place] != 0)
        .collect();
    let mut dice = Dice(5);
    // All of the header's first bytes, which say which slot is the newest.
    let mut header: Vec<_> = (0..16 * 8).map(|bit| (bit / 8, bit as u64 % 8)).collect();
    header.extend((16..320).map(|place| (place, dice.below(8))));
    let pages = (0..400).map(|_| (used[dice.below(used.len() as u64) as usize], dice.below(8)));
    let (mut harmless, mut refused, mut read_errors) = (0, 0, 0);
    for (place, bit) in header.into_iter().chain(pages) {
        let mut bytes = sound.clone();
        bytes[place] ^= 1 << bit;
        fs::write(&path, &bytes).unwrap();
        let place = format!("bit {bit} of byte {place}");
        match Store::open(&path, &root()) {
            Ok(store) => {
                let errors = check_reads(&store, &place).await;
                let report = store.verify(inspect).await.unwrap();
                assert_eq!(errors > 0, !report.is_sound(), "{place}: {report:?}");
                harmless += usize::from(errors == 0);
                read_errors += errors;
            }
            Err(error @ (StoreError::Corrupt { .. } | StoreError::Unavailable { .. })) => {
                refused += 1;
                fs::write(&path, &bytes).unwrap();
                let Ok(store) = Store::open_damaged(&path, &root()) else {
                    continue;
                };
                check_reads(&store, &place).await;
                let report = store.verify(inspect).await.unwrap();
                assert!(!report.is_sound(), "{place}: {error:?}");
                assert!(store.begin(Mode::Write).await.is_err());
            }
            Err(error) => panic!("{place}: {error}"),
        }
    }
    println!("{harmless} harmless, {refused} refused to open, {read_errors} errors of reads");
    assert!(refused > 100);
}

/// Changes rows as whoever can write to the file could.
fn edit(path: &Path, change: impl FnOnce(&mut redb::Table<'_, &'static [u8], &'static [u8]>)) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&mut transaction.open_table(ROWS).unwrap());
    transaction.commit().unwrap();
}

fn value(path: &Path, key: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    edit(path, |rows| {
        found = redb::ReadableTable::get(rows, key)
            .unwrap()
            .unwrap()
            .value()
            .to_vec()
    });
    found
}

fn balance_key() -> Vec<u8> {
    let mut key = vec![Balances::ID];
    key.extend_from_slice(&1u64.to_be_bytes());
    key
}

fn note_key(number: u64) -> Vec<u8> {
    let mut key = vec![Notes::ID];
    key.extend_from_slice(b"n\0");
    key.extend_from_slice(&number.to_be_bytes());
    key
}

async fn verified(path: &Path) -> VerifyReport {
    let store = Store::open(path, &root()).unwrap();
    store.verify(inspect).await.unwrap()
}

fn whats(report: &VerifyReport) -> Vec<(u8, &str)> {
    let problems = report.problems.iter();
    problems
        .map(|problem| (problem.table, problem.what.as_str()))
        .collect()
}

const SUM: &str = "rows were changed, removed, added or put back behind the store's back";

#[tokio::test]
async fn two_rows_swapped_do_not_open_and_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = small_store(directory.path()).await;
    let (one, two) = (value(&path, &note_key(1)), value(&path, &note_key(2)));
    edit(&path, |rows| {
        rows.insert(note_key(1).as_slice(), two.as_slice()).unwrap();
        rows.insert(note_key(2).as_slice(), one.as_slice()).unwrap();
    });
    let store = Store::open(&path, &root()).unwrap();
    let error = get_note(&store, "n", 1).await.unwrap_err();
    let StoreError::Corrupt { table, key, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (table.as_str(), key.as_str()),
        ("notes", r"n\x00\x00\x00\x00\x00\x00\x00\x00\x01")
    );
    let report = store.verify(inspect).await.unwrap();
    let tables: Vec<u8> = report
        .problems
        .iter()
        .map(|problem| problem.table)
        .collect();
    assert_eq!(tables, [Notes::ID, Notes::ID, 0]);
}

#[tokio::test]
async fn a_row_put_back_as_it_was_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = small_store(directory.path()).await;
    let old = value(&path, &balance_key());
    let store = Store::open(&path, &root()).unwrap();
    let mut transaction = store.begin(Mode::Write).await.unwrap();
    transaction.put::<Balances>(&(1,), &balance(99)).unwrap();
    transaction.commit(Vec::new()).await.unwrap();
    store.close().await.unwrap();
    assert!(verified(&path).await.is_sound());

    edit(&path, |rows| {
        drop(
            rows.insert(balance_key().as_slice(), old.as_slice())
                .unwrap(),
        )
    });
    let report = verified(&path).await;
    assert!(
        matches!(whats(&report)[..], [(0, what)] if what.starts_with(SUM)),
        "{report:?}"
    );

    // Further commits do not make it good.
    let store = Store::open(&path, &root()).unwrap();
    put_note(&store, "later", 1, "x").await.unwrap();
    let mut transaction = store.begin(Mode::Write).await.unwrap();
    transaction.put::<Balances>(&(1,), &balance(100)).unwrap();
    transaction.commit(Vec::new()).await.unwrap();
    assert!(!store.verify(inspect).await.unwrap().is_sound());
    let refused = store.backup(&directory.path().join("backup")).await;
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })));
    assert!(!directory.path().join("backup").exists());
}

#[tokio::test]
async fn a_file_put_back_as_it_was_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = small_store(directory.path()).await;
    let backup = directory.path().join("backup");
    let old = fs::read(&path).unwrap();
    let store = Store::open(&path, &root()).unwrap();
    store.backup(&backup).await.unwrap();
    for number in 0..3 {
        put_note(&store, "later", number, "x").await.unwrap();
    }
    store.close().await.unwrap();

    fs::write(&path, &old).unwrap();
    let error = Store::open(&path, &root()).map(drop).unwrap_err();
    assert!(
        error.to_string().contains("newest commits are missing"),
        "{error}"
    );
    let store = Store::open_damaged(&path, &root()).unwrap();
    assert!(store.begin(Mode::Read).await.is_err());
    let report = store.verify(inspect).await.unwrap();
    assert_eq!(whats(&report), [(0, "the newest 3 commits are missing")]);
    store.close().await.unwrap();

    // A restore is meant, and forgets what was there before.
    fs::remove_file(&path).unwrap();
    Store::restore(&backup, &path, &root(), inspect)
        .await
        .unwrap();
    assert!(verified(&path).await.is_sound());
}

#[tokio::test]
async fn rows_removed_or_added_are_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = small_store(directory.path()).await;
    let sound = fs::read(&path).unwrap();
    edit(&path, |rows| {
        drop(rows.remove(note_key(3).as_slice()).unwrap())
    });
    let report = verified(&path).await;
    assert!(
        matches!(whats(&report)[..], [(0, what)] if what.contains("holds 63 rows and committed 64")),
        "{report:?}"
    );

    fs::write(&path, &sound).unwrap();
    edit(&path, |rows| {
        drop(
            rows.insert(note_key(1_000).as_slice(), [1; 40].as_slice())
                .unwrap(),
        )
    });
    assert_eq!(verified(&path).await.problems.len(), 2);

    fs::write(&path, &sound).unwrap();
    edit(&path, |rows| {
        drop(rows.insert(b"\0more".as_slice(), b"x".as_slice()).unwrap())
    });
    assert_eq!(
        whats(&verified(&path).await),
        [(0, "it is none of the store's own rows")]
    );

    for key in [b"\0tally".as_slice(), b"\0keyring"] {
        fs::write(&path, &sound).unwrap();
        edit(&path, |rows| drop(rows.remove(key).unwrap()));
        let error = Store::open(&path, &root()).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
}

#[tokio::test]
async fn rows_that_are_none_of_their_tables_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = small_store(directory.path()).await;
    let store = Store::open(&path, &root()).unwrap();
    let report = store.verify(|row| match row.table() {
        Notes::ID if row.key::<Notes>().unwrap().1 == 4 => Err("four is not allowed".to_owned()),
        Balances::ID => row.check::<Notes>(),
        _ => Ok(()),
    });
    let report = report.await.unwrap();
    let wanted = [
        (Notes::ID, "four is not allowed"),
        (Balances::ID, "its key is none of table `notes`"),
    ];
    assert_eq!(whats(&report), wanted);
    assert_eq!(
        report.tables.into_iter().collect::<Vec<_>>(),
        [(7, COUNT), (8, 1), (255, 3)]
    );
    assert_eq!((report.commits, report.position), (COUNT + 3, 3));
}
