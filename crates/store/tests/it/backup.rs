//! Backups made while writing, and what becomes of them.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use strongroom_store::{Mode, RootKey, Store, StoreError};

use crate::support::{Balances, balance, get_note, inspect, put_note, root};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_writing_is_one_state_and_restores() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let store = Store::open(&at("store"), &root()).unwrap();
    for number in 0..500 {
        put_note(&store, "n", number, "before").await.unwrap();
    }
    let over = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, over) = (store.clone(), Arc::clone(&over));
        async move {
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                number += 1;
                let mut transaction = store.begin(Mode::Write).await.unwrap();
                for row in [1, 1_000_000] {
                    transaction
                        .put::<Balances>(&(row,), &balance(number))
                        .unwrap();
                }
                transaction.commit(vec![b"x".to_vec()]).await.unwrap();
            }
            number
        }
    });
    while get_amount(&store, 1).await == 0 {
        tokio::task::yield_now().await;
    }
    let report = store.backup(&at("backup")).await.unwrap();
    over.store(true, Ordering::Relaxed);
    let written = writing.await.unwrap();
    assert_eq!(report.tables[&7], 500);

    let again = store.backup(&at("backup")).await;
    assert!(matches!(again, Err(StoreError::Exists { .. })));
    let before = fs::read(at("backup")).unwrap();
    let restored = Store::restore(&at("backup"), &at("restored"), &root(), inspect)
        .await
        .unwrap();
    assert_eq!(restored, report);
    assert_eq!(fs::read(at("backup")).unwrap(), before);
    let again = Store::restore(&at("backup"), &at("restored"), &root(), inspect).await;
    assert!(matches!(again, Err(StoreError::Exists { .. })));

    let restored = Store::open(&at("restored"), &root()).unwrap();
    let number = get_amount(&restored, 1).await;
    assert!((1..=written).contains(&number));
    assert_eq!(get_amount(&restored, 1_000_000).await, number);
    assert_eq!(
        restored.outbox(0, usize::MAX).await.unwrap().len() as i64,
        number
    );
    assert_eq!(
        get_note(&restored, "n", 499).await.unwrap().unwrap(),
        "before"
    );
    put_note(&restored, "n", 500, "after").await.unwrap();
    assert!(restored.verify(inspect).await.unwrap().is_sound());

    #[cfg(unix)]
    for name in ["store", "backup", "restored"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(at(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    let wanted = [
        "backup",
        "restored",
        "restored.anchor",
        "store",
        "store.anchor",
    ];
    assert_eq!(names, wanted);
}

async fn get_amount(store: &Store, row: u64) -> i64 {
    let mut transaction = store.begin(Mode::Read).await.unwrap();
    let balance = transaction.get::<Balances>(&(row,)).await.unwrap();
    balance.unwrap_or_default().amount
}

#[tokio::test]
async fn a_damaged_or_foreign_backup_is_not_restored() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let store = Store::in_memory();
    put_note(&store, "n", 1, &"a long note ".repeat(1_000))
        .await
        .unwrap();
    store.backup(&at("foreign")).await.unwrap();
    let refused = Store::restore(&at("foreign"), &at("restored"), &root(), inspect).await;
    // The store in memory has no root key, so it has no keyring to copy.
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );

    let store = Store::open(&at("store"), &root()).unwrap();
    put_note(&store, "n", 1, &"a long note ".repeat(1_000))
        .await
        .unwrap();
    store.backup(&at("backup")).await.unwrap();
    let other = RootKey::from_bytes(&[1; 32]);
    let refused = Store::restore(&at("backup"), &at("restored"), &other, inspect).await;
    assert!(
        matches!(refused, Err(StoreError::WrongRootKey)),
        "{refused:?}"
    );

    let judged = Store::restore(
        &at("backup"),
        &at("restored"),
        &root(),
        |_| Err("no".into()),
    )
    .await;
    assert!(
        matches!(judged, Err(StoreError::Corrupt { .. })),
        "{judged:?}"
    );

    let bytes = fs::read(at("backup")).unwrap();
    fs::write(at("backup"), &bytes[..bytes.len() / 2]).unwrap();
    let refused = Store::restore(&at("backup"), &at("restored"), &root(), inspect).await;
    assert!(refused.is_err());
    fs::write(at("backup"), b"").unwrap();
    let refused = Store::restore(&at("backup"), &at("restored"), &root(), inspect).await;
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
    assert!(!at("restored").exists());
}
