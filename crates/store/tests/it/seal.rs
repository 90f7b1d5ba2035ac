//! Root keys, seal keys, and who may open the file.

use std::fs;

use strongroom_crypto::SystemRandom;
use strongroom_store::{RootKey, Store, StoreError, UnsealSource};

use crate::support::{get_note, inspect, put_note, root};

#[tokio::test]
async fn nothing_of_a_value_is_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&path, &root()).unwrap();
    let canary = "xyzzy-canary-0123456789";
    put_note(&store, "n", 1, canary).await.unwrap();
    store.close().await.unwrap();
    let bytes = fs::read(&path).unwrap();
    let shows = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(!shows(canary.as_bytes()));
    assert!(!shows(&[42; 32]));
}

#[tokio::test]
async fn a_wrong_root_key_is_told_from_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    drop(Store::open(&path, &root()).unwrap());
    let other = RootKey::random(&SystemRandom);
    let error = Store::open(&path, &other).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::WrongRootKey));
    assert!(error.to_string().contains("intact"), "{error}");
    drop(Store::open(&path, &root()).unwrap());
    fs::write(&path, b"this is no store at all").unwrap();
    let error = Store::open(&path, &root()).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn one_at_a_time_has_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&path, &root()).unwrap();
    let error = Store::open(&path, &root()).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }));
    assert!(
        error.to_string().starts_with("another process has"),
        "{error}"
    );
    let snapshot = store.begin(strongroom_store::Mode::Read).await.unwrap();
    store.close().await.unwrap();
    drop(Store::open(&path, &root()).unwrap());
    drop(snapshot);
    drop(Store::open(&path, &root()).unwrap());
}

#[test]
fn of_many_that_start_at_once_one_has_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let source = UnsealSource::File(directory.path().join("root.key"));
    let start = || {
        let root = loop {
            match source.read_or_create(&SystemRandom) {
                Ok(root) => break root,
                // Another is just making the key.
                Err(StoreError::NoRootKey { .. }) => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        Store::open(&path, &root)
    };
    let started: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for store in &started {
        assert!(matches!(store, Ok(_) | Err(StoreError::InUse { .. })));
    }
    assert_eq!(started.iter().filter(|store| store.is_ok()).count(), 1);
    drop(started);
    start().unwrap();
}

#[tokio::test]
async fn old_values_stay_readable_under_their_seal_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&path, &root()).unwrap();
    let derived = store.seal().derive("tokens");
    put_note(&store, "n", 1, "first").await.unwrap();
    store.rotate_seal_key(&root()).await.unwrap();
    assert_eq!(store.seal().keys(), 2);
    put_note(&store, "n", 2, "second").await.unwrap();
    let wrong = store.rotate_seal_key(&RootKey::from_bytes(&[1; 32])).await;
    assert!(matches!(wrong, Err(StoreError::WrongRootKey)));

    let new = RootKey::random(&SystemRandom);
    store.change_root_key(&root(), &new).await.unwrap();
    store.close().await.unwrap();
    let wrong = Store::open(&path, &root()).map(drop);
    assert!(matches!(wrong, Err(StoreError::WrongRootKey)));

    let store = Store::open(&path, &new).unwrap();
    assert_eq!(store.seal().keys(), 2);
    assert_eq!(store.seal().derive("tokens"), derived);
    assert_ne!(store.seal().derive("others"), derived);
    assert_eq!(get_note(&store, "n", 1).await.unwrap().unwrap(), "first");
    assert_eq!(get_note(&store, "n", 2).await.unwrap().unwrap(), "second");
    assert!(store.verify(inspect).await.unwrap().is_sound());
}

#[tokio::test]
async fn what_was_done_with_the_outbox_is_kept_on_closing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&path, &root()).unwrap();
    let transaction = store.begin(strongroom_store::Mode::Write).await.unwrap();
    let records = vec![b"one".to_vec(), b"two".to_vec(), b"three".to_vec()];
    assert_eq!(transaction.commit(records).await.unwrap().position, 3);
    store.outbox_done(2);
    store.close().await.unwrap();
    let store = Store::open(&path, &root()).unwrap();
    assert_eq!(store.outbox(0, 10).await.unwrap(), [(3, b"three".to_vec())]);
    // Positions go on where they were.
    let transaction = store.begin(strongroom_store::Mode::Write).await.unwrap();
    assert_eq!(
        transaction
            .commit(vec![b"four".to_vec()])
            .await
            .unwrap()
            .position,
        4
    );
}
