use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::secretsmanager::filters::{Filter, FilterKey, Filters};

const ORDERS: [SortOrder; 2] = [SortOrder::Asc, SortOrder::Desc];

fn secret(name: &str, created_ms: i64) -> Secret {
    Secret {
        name: name.to_owned(),
        created_ms,
        ..Secret::default()
    }
}

fn names_filter(values: &[&str]) -> Filters {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Filters::new(Some(vec![Filter {
        key: Some(FilterKey::Name),
        values: Some(values),
    }]))
    .unwrap()
}

fn all(filters: &Filters) -> Query<'_> {
    Query {
        filters,
        include_deleted: false,
        sort_by: SortBy::CreatedDate,
        sort_order: SortOrder::Desc,
        after: None,
        limit: 100,
    }
}

/// What a query must answer, worked out the slow way.
fn plainly(secrets: &[Secret], query: &Query<'_>) -> Page {
    let mut entries: Vec<Entry> = secrets.iter().cloned().map(Entry::from).collect();
    entries.retain(|entry| query.wants(entry, &mut 0));
    entries.sort_by(|a, b| a.rank(query.sort_by).cmp(&b.rank(query.sort_by)));
    if query.sort_order == SortOrder::Desc {
        entries.reverse();
    }
    let mut ranks: Vec<_> = entries
        .iter()
        .map(|entry| entry.rank(query.sort_by))
        .collect();
    if let Some(after) = query.after {
        let after = (after.value, after.name.as_str());
        let before = |rank: &Rank<'_>| match query.sort_order {
            SortOrder::Asc => *rank <= after,
            SortOrder::Desc => *rank >= after,
        };
        ranks.retain(|rank| !before(rank));
    }
    query.cut(ranks)
}

fn some_name() -> impl Strategy<Value = String> {
    "[ab/]{1,4}"
}

fn some_secret() -> impl Strategy<Value = Secret> {
    let dates = (0..4_i64, 0..4_i64, proptest::option::of(0..3_i64));
    (some_name(), dates, any::<bool>(), any::<bool>()).prop_map(
        |(name, (created_ms, last_changed_ms, last_accessed_day), deleted, described)| Secret {
            name,
            created_ms,
            last_changed_ms,
            last_accessed_day,
            deleted_ms: deleted.then_some(5),
            description: described.then(|| "some words".to_owned()),
            ..Secret::default()
        },
    )
}

fn some_filters() -> impl Strategy<Value = Filters> {
    let value = "[!]?[ab/]{0,2}";
    let name = proptest::collection::vec(value, 1..3).prop_map(|values| Filter {
        key: Some(FilterKey::Name),
        values: Some(values),
    });
    let all = prop_oneof![Just("some w"), Just("!words"), Just("a")].prop_map(|value| Filter {
        key: Some(FilterKey::All),
        values: Some(vec![value.to_owned()]),
    });
    (proptest::option::of(name), proptest::option::of(all))
        .prop_map(|(name, all)| Filters::new(Some(name.into_iter().chain(all).collect())).unwrap())
}

fn built(secrets: &[Secret]) -> (Names, Vec<Secret>) {
    let mut names = Names::default();
    let mut plain: BTreeMap<String, Secret> = BTreeMap::new();
    for secret in secrets {
        names.put(secret.clone());
        plain.insert(secret.name.clone(), secret.clone());
    }
    (names, plain.into_values().collect())
}

proptest! {
    #[test]
    fn pages_are_what_sorting_everything_gives(
        secrets in proptest::collection::vec(some_secret(), 0..30),
        filters in some_filters(),
        include_deleted in any::<bool>(),
        sort_by in proptest::sample::select(SortBy::ALL),
        sort_order in proptest::sample::select(&ORDERS[..]),
        limit in 1..6_usize,
    ) {
        let (names, plain) = built(&secrets);
        let mut after = None;
        loop {
            let query = Query {
                include_deleted, sort_by, sort_order, after: after.as_ref(), limit, ..all(&filters)
            };
            let page = names.page(&query, usize::MAX);
            prop_assert_eq!(&page, &plainly(&plain, &query));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }

    #[test]
    fn searches_that_end_early_find_what_one_finds(
        secrets in proptest::collection::vec(some_secret(), 0..30),
        filters in some_filters(),
        sort_by in proptest::sample::select(SortBy::ALL),
        sort_order in proptest::sample::select(&ORDERS[..]),
        limit in 1..6_usize,
        effort in 1..200_usize,
    ) {
        let (names, plain) = built(&secrets);
        let (mut found, mut after, mut searches) = (Vec::new(), None, 0);
        loop {
            let query = Query { sort_by, sort_order, after: after.as_ref(), limit, ..all(&filters) };
            let page = names.page(&query, effort);
            prop_assert!(page.names.len() <= limit);
            found.extend(page.names);
            searches += 1;
            prop_assert!(searches <= plain.len() + 1, "each looks at one entry at least");
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let query = Query { sort_by, sort_order, limit: usize::MAX - 1, ..all(&filters) };
        prop_assert_eq!(found, plainly(&plain, &query).names);
    }

    #[test]
    fn no_survivor_is_skipped_or_repeated_while_secrets_come_and_go(
        secrets in proptest::collection::vec(some_secret(), 1..30),
        between in proptest::collection::vec((some_name(), proptest::option::of(some_secret())), 0..20),
        by_name in any::<bool>(),
        sort_order in proptest::sample::select(&ORDERS[..]),
        limit in 1..4_usize,
    ) {
        let (mut names, plain) = built(&secrets);
        let survivors: BTreeSet<&str> = plain
            .iter()
            .map(|secret| secret.name.as_str())
            .filter(|name| !between.iter().any(|(gone, new)| {
                gone == name || new.as_ref().is_some_and(|new| new.name == *name)
            }))
            .collect();
        let sort_by = if by_name { SortBy::Name } else { SortBy::CreatedDate };
        let filters = Filters::default();
        let mut changes = between.iter();
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let query = Query {
                include_deleted: true, sort_by, sort_order, after: after.as_ref(), limit,
                ..all(&filters)
            };
            let page = names.page(&query, usize::MAX);
            listed.extend(page.names);
            for (gone, new) in changes.by_ref().take(2) {
                names.apply(vec![(gone.clone(), None)]);
                if let Some(new) = new {
                    names.apply(vec![(new.name.clone(), Some(new.clone()))]);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        for survivor in survivors {
            prop_assert_eq!(listed.iter().filter(|name| *name == survivor).count(), 1, "{}", survivor);
        }
    }

    #[test]
    fn both_orders_hold_the_same_entries(
        changes in proptest::collection::vec((some_name(), proptest::option::of(some_secret())), 0..40),
    ) {
        let mut names = Names::default();
        let mut plain = BTreeMap::new();
        for (name, secret) in changes {
            let secret = secret.map(|secret| Secret { name: name.clone(), ..secret });
            names.apply(vec![(name.clone(), secret.clone())]);
            match secret {
                Some(secret) => plain.insert(name, secret),
                None => plain.remove(&name),
            };
        }
        let (fresh, _) = built(&plain.into_values().collect::<Vec<_>>());
        prop_assert_eq!(names, fresh);
    }
}

#[test]
fn the_newest_comes_first_and_a_prefix_needs_no_more_than_its_range() {
    let secrets = [
        secret("a/1", 1),
        secret("b", 2),
        secret("a/2", 3),
        secret("a0", 4),
    ];
    let (names, _) = built(&secrets);
    assert_eq!(
        names.page(&all(&Filters::default()), usize::MAX).names,
        ["a0", "a/2", "b", "a/1"]
    );
    let filters = names_filter(&["a/"]);
    assert_eq!(names.page(&all(&filters), usize::MAX).names, ["a/2", "a/1"]);
    let by_name = Query {
        sort_by: SortBy::Name,
        ..all(&filters)
    };
    assert_eq!(names.page(&by_name, usize::MAX).names, ["a/2", "a/1"]);
}

#[test]
fn the_end_of_a_prefix_is_above_all_that_begin_with_it() {
    assert_eq!(end_of_prefix(""), None);
    assert_eq!(end_of_prefix("a/").as_deref(), Some("a0"));
    assert_eq!(end_of_prefix("a\u{10ffff}").as_deref(), Some("b"));
    assert_eq!(end_of_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
    assert_eq!(end_of_prefix("\u{10ffff}"), None);
}
