use proptest::prelude::*;

use super::*;
use crate::secretsmanager::filters::{Filter, FilterKey};

fn here() -> (AccountId, Region) {
    (AccountId::new(1).unwrap(), Region::US_EAST_1)
}

fn observed() -> (Store, Arc<SecretIndex>) {
    let store = Store::in_memory();
    let index = Arc::new(SecretIndex::new());
    store.observe(Arc::clone(&index) as Arc<dyn CommitObserver>);
    (store, index)
}

/// Puts secrets, or deletes those without a creation time, in one commit.
async fn commit(store: &Store, changes: &[(&str, Option<i64>)]) {
    let (account, region) = here();
    loop {
        let mut tx = store.begin(Mode::Write).await.unwrap();
        for (name, created_ms) in changes {
            let key = (account, region, (*name).to_owned());
            match created_ms {
                Some(created_ms) => {
                    let secret = Secret {
                        name: (*name).to_owned(),
                        created_ms: *created_ms,
                        ..Secret::default()
                    };
                    tx.put::<Secrets>(&key, &secret).unwrap();
                }
                None => tx.delete::<Secrets>(&key).unwrap(),
            }
        }
        match tx.commit(Vec::new()).await {
            Ok(_) => return,
            Err(StoreError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn query(filters: &Filters) -> Query<'_> {
    Query {
        filters,
        include_deleted: true,
        sort_by: SortBy::CreatedDate,
        sort_order: SortOrder::Desc,
        after: None,
        limit: 10_000,
    }
}

async fn listed(store: &Store, index: &SecretIndex) -> Vec<String> {
    let filters = Filters::default();
    index
        .page(store, here(), &query(&filters))
        .await
        .unwrap()
        .names
}

#[tokio::test]
async fn nothing_is_kept_before_the_first_list_and_everything_after() {
    let (store, index) = observed();
    commit(&store, &[("a", Some(1))]).await;
    assert!(index.homes.read().unwrap().is_empty());
    assert_eq!(listed(&store, &index).await, ["a"]);
    commit(&store, &[("b", Some(2)), ("a", None)]).await;
    commit(&store, &[("b", Some(3)), ("c", Some(1))]).await;
    assert_eq!(listed(&store, &index).await, ["b", "c"]);
}

#[tokio::test]
async fn accounts_and_regions_do_not_see_each_other() {
    let (store, index) = observed();
    assert!(listed(&store, &index).await.is_empty());
    let filters = Filters::default();
    let elsewhere = (AccountId::new(2).unwrap(), Region::US_EAST_1);
    assert!(
        index
            .page(&store, elsewhere, &query(&filters))
            .await
            .unwrap()
            .names
            .is_empty()
    );
    commit(&store, &[("a", Some(1))]).await;
    assert_eq!(listed(&store, &index).await, ["a"]);
    assert!(
        index
            .page(&store, elsewhere, &query(&filters))
            .await
            .unwrap()
            .names
            .is_empty()
    );
}

#[tokio::test]
async fn a_search_that_takes_long_lets_others_have_their_turn() {
    let (store, index) = observed();
    let words: String = (0..80).map(|word| format!("w{word}x/")).collect();
    let names: Vec<_> = (0..400).map(|secret| format!("{words}{secret}")).collect();
    let made: Vec<_> = names.iter().map(|name| (name.as_str(), Some(1))).collect();
    commit(&store, &made).await;
    let value: String = (0..80).map(|word| format!("w{word} ")).collect();
    let filters = Filters::new(Some(vec![Filter {
        key: Some(FilterKey::All),
        values: Some(vec![format!("{value}none"); 10]),
    }]));
    let filters = filters.unwrap();
    let (query, home) = (query(&filters), here());
    let search = index.page(&store, home, &query);
    tokio::pin!(search);
    let mut turns = 0;
    let page = loop {
        tokio::select! {
            biased;
            page = &mut search => break page.unwrap(),
            () = std::future::ready(()) => turns += 1,
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((page.names.len(), page.next), (0, None));
    assert!(turns >= 3, "others had {turns} turns");
}

#[tokio::test]
async fn what_commits_while_the_rows_are_read_is_not_lost() {
    let (store, _) = observed();
    commit(
        &store,
        &[("old", Some(1)), ("gone", Some(2)), ("changed", Some(3))],
    )
    .await;
    let follower = Follower::default();
    let opened = Opened::new(&follower.queue);
    // Committed after the queue was opened: may be in the rows or not.
    follower.leave("gone".to_owned(), || None);
    follower.leave("changed".to_owned(), || {
        Some(Secret {
            name: "changed".to_owned(),
            created_ms: 9,
            ..Secret::default()
        })
    });
    let mut names = Names::default();
    for name in ["old", "gone", "changed"] {
        names.put(Secret {
            name: name.to_owned(),
            created_ms: 1,
            ..Secret::default()
        });
    }
    opened.keep();
    let names = RwLock::new(names);
    follower.take_in(&names);
    let filters = Filters::default();
    let page = names.read().unwrap().page(&query(&filters), usize::MAX);
    assert_eq!(page.names, ["changed", "old"]);
    assert!(follower.queue.lock().unwrap().changes.is_empty());
}

#[tokio::test]
async fn a_failed_reading_leaves_no_open_queue() {
    let follower = Follower::default();
    drop(Opened::new(&follower.queue));
    follower.leave("a".to_owned(), || {
        unreachable!("a closed queue takes nothing")
    });
    assert!(follower.queue.lock().unwrap().changes.is_empty());
}

#[tokio::test]
async fn a_long_queue_is_taken_in_without_a_list() {
    let (store, index) = observed();
    assert!(listed(&store, &index).await.is_empty());
    let names: Vec<String> = (0..=QUEUED_CHANGES)
        .map(|number| format!("s{number}"))
        .collect();
    let changes: Vec<_> = names.iter().map(|name| (name.as_str(), Some(1))).collect();
    commit(&store, &changes).await;
    let (account, region) = here();
    assert!(
        index
            .follower(account, region)
            .queue
            .lock()
            .unwrap()
            .changes
            .is_empty()
    );
    assert_eq!(listed(&store, &index).await.len(), names.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lists_see_every_answered_commit_of_concurrent_writers() {
    let (store, index) = observed();
    let writers = (0..4).map(|writer| {
        let (store, index) = (store.clone(), Arc::clone(&index));
        tokio::spawn(async move {
            for number in 0..100 {
                let name = format!("w{writer}/{number}");
                commit(&store, &[(&name, Some(number))]).await;
                assert!(listed(&store, &index).await.contains(&name));
                if number % 3 == 0 {
                    commit(&store, &[(&name, None)]).await;
                    assert!(!listed(&store, &index).await.contains(&name));
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(
        listed(&store, &index).await,
        listed(&store, &SecretIndex::new()).await
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn after_any_commits_the_index_equals_a_fresh_one(
        commits in proptest::collection::vec(
            proptest::collection::vec(("[a-d]{1,2}", proptest::option::of(0..5_i64)), 1..4),
            0..20,
        ),
        first_list in 0..20_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, index) = observed();
            for (number, changes) in commits.iter().enumerate() {
                if number >= first_list {
                    listed(&store, &index).await;
                }
                let changes: Vec<_> = changes.iter().map(|(name, at)| (name.as_str(), *at)).collect();
                commit(&store, &changes).await;
            }
            let fresh = listed(&store, &SecretIndex::new()).await;
            prop_assert_eq!(index.count(&store, here()).await.unwrap(), fresh.len());
            prop_assert_eq!(listed(&store, &index).await, fresh);
            Ok(())
        })?;
    }
}
