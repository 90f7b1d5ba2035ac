use std::{
    cmp::Ordering,
    collections::{BTreeMap, BinaryHeap},
    ops::Bound::{Excluded, Included, Unbounded},
    sync::Arc,
};

use super::{Page, Query, SortBy, SortOrder};
use crate::secretsmanager::{
    filters::Searchable,
    page_token::Cursor,
    record::{Secret, Tag},
};

/// The secrets of one account in one Region, as far as lists look at them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Names {
    by_name: BTreeMap<Arc<str>, Arc<Entry>>,
    // INVARIANT: the same entries, by their creation and name. Most lists are
    // in this order, and end early for it.
    by_created: BTreeMap<(i64, Arc<str>), Arc<Entry>>,
}

/// What lists look at.
#[derive(Debug, PartialEq)]
struct Entry {
    name: Arc<str>,
    description: Option<Box<str>>,
    tags: Box<[Tag]>,
    owning_service: Option<Box<str>>,
    created_ms: i64,
    last_changed_ms: i64,
    last_accessed_day: Option<i64>,
    deleted: bool,
}

/// What entries are sorted by. Dates come first; names differ always.
type Rank<'a> = (Option<i64>, &'a str);

type Entries<'a> = Box<dyn Iterator<Item = &'a Entry> + 'a>;

impl Names {
    /// Adds or replaces a secret.
    pub(super) fn put(&mut self, secret: Secret) {
        let entry = Arc::new(Entry::from(secret));
        self.remove(&entry.name);
        self.by_created.insert(
            (entry.created_ms, Arc::clone(&entry.name)),
            Arc::clone(&entry),
        );
        self.by_name.insert(Arc::clone(&entry.name), entry);
    }

    /// Takes in changes, in their order; without a record the secret is gone.
    pub(super) fn apply(&mut self, changes: Vec<(String, Option<Secret>)>) {
        for (name, secret) in changes {
            match secret {
                Some(secret) => self.put(secret),
                None => self.remove(&name),
            }
        }
    }

    fn remove(&mut self, name: &str) {
        if let Some(entry) = self.by_name.remove(name) {
            self.by_created
                .remove(&(entry.created_ms, Arc::clone(&entry.name)));
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.by_name.len()
    }

    /// One page of what a query asks for.
    pub(super) fn page(&self, query: &Query<'_>) -> Page {
        let prefix = query.filters.name_prefix();
        match query.sort_by {
            SortBy::Name => query.first(self.names_in_order(prefix, query)),
            SortBy::CreatedDate if prefix.is_empty() => query.first(self.created_in_order(query)),
            SortBy::CreatedDate => {
                query.sooner(self.created_in_order(query), self.names_with(prefix))
            }
            _ => query.best(self.names_with(prefix)),
        }
    }

    /// The entries whose name begins with `prefix`.
    fn names_with<'a>(&'a self, prefix: &'a str) -> Entries<'a> {
        let from = self.by_name.range::<str, _>((Included(prefix), Unbounded));
        let entries = from.map(|(_, entry)| entry.as_ref());
        Box::new(entries.take_while(move |entry| entry.name.starts_with(prefix)))
    }

    /// The same in the query's order, from where its page begins.
    fn names_in_order<'a>(&'a self, prefix: &'a str, query: &Query<'_>) -> Entries<'a> {
        let after = query.after.map(|cursor| cursor.name.as_str());
        let has_prefix = move |entry: &&Entry| entry.name.starts_with(prefix);
        match query.sort_order {
            SortOrder::Asc => {
                let from = match after {
                    Some(after) if after >= prefix => Excluded(after),
                    _ => Included(prefix),
                };
                let entries = self.by_name.range::<str, _>((from, Unbounded));
                Box::new(
                    entries
                        .map(|(_, entry)| entry.as_ref())
                        .take_while(has_prefix),
                )
            }
            SortOrder::Desc => {
                let end = end_of_prefix(prefix);
                let to = match (end.as_deref(), after) {
                    (Some(end), Some(after)) => Excluded(end.min(after)),
                    (Some(to), None) | (None, Some(to)) => Excluded(to),
                    (None, None) => Unbounded,
                };
                let entries = self.by_name.range::<str, _>((Unbounded, to)).rev();
                Box::new(
                    entries
                        .map(|(_, entry)| entry.as_ref())
                        .take_while(has_prefix),
                )
            }
        }
    }

    /// All entries in the query's order, from where its page begins.
    fn created_in_order<'a>(&'a self, query: &Query<'_>) -> Entries<'a> {
        let after = query.after.map(|cursor| {
            Excluded((
                cursor.value.unwrap_or(i64::MIN),
                Arc::from(cursor.name.as_str()),
            ))
        });
        let after = after.unwrap_or(Unbounded);
        match query.sort_order {
            SortOrder::Asc => {
                let entries = self.by_created.range((after, Unbounded));
                Box::new(entries.map(|(_, entry)| entry.as_ref()))
            }
            SortOrder::Desc => {
                let entries = self.by_created.range((Unbounded, after)).rev();
                Box::new(entries.map(|(_, entry)| entry.as_ref()))
            }
        }
    }
}

impl Query<'_> {
    fn wants(&self, entry: &Entry) -> bool {
        (self.include_deleted || !entry.deleted) && self.filters.admit(entry)
    }

    /// The first of entries that are in order and begin where the page does.
    fn first(&self, in_order: Entries<'_>) -> Page {
        let wanted = in_order.filter(|entry| self.wants(entry));
        let ranks = wanted.map(|entry| entry.rank(self.sort_by));
        self.cut(ranks.take(self.limit + 1).collect())
    }

    /// The first of entries in any order, without sorting them all.
    fn best(&self, candidates: Entries<'_>) -> Page {
        let mut best = Best::of(self);
        candidates.for_each(|entry| best.offer(entry));
        best.page()
    }

    /// Both at once, step by step, because either may end long before the
    /// other: the way along the order, when the page is full; the way through
    /// all candidates, when there are few.
    fn sooner<'a>(&self, mut in_order: Entries<'a>, candidates: Entries<'a>) -> Page {
        let mut first = Vec::new();
        let mut best = Best::of(self);
        for candidate in candidates {
            best.offer(candidate);
            match in_order.next() {
                Some(entry) if self.wants(entry) => first.push(entry.rank(self.sort_by)),
                Some(_) => continue,
                None => return self.cut(first),
            }
            if first.len() > self.limit {
                return self.cut(first);
            }
        }
        best.page()
    }

    /// The page that ends where there are more ranks than it holds.
    fn cut(&self, mut ranks: Vec<Rank<'_>>) -> Page {
        let more = ranks.len() > self.limit;
        ranks.truncate(self.limit);
        let last = ranks.last().filter(|_| more);
        Page {
            next: last.map(|(value, name)| Cursor {
                value: *value,
                name: (*name).to_owned(),
            }),
            names: ranks.iter().map(|(_, name)| (*name).to_owned()).collect(),
        }
    }
}

/// The best of the entries offered so far: a page and one more, to know
/// whether there is a next one.
struct Best<'q, 'e> {
    query: &'q Query<'q>,
    after: Option<Ranked<'q>>,
    /// The last of them on top.
    ranks: BinaryHeap<Ranked<'e>>,
}

impl<'q, 'e> Best<'q, 'e> {
    fn of(query: &'q Query<'q>) -> Self {
        let after = query.after.map(|cursor| Ranked {
            rank: (cursor.value, &cursor.name),
            order: query.sort_order,
        });
        Self {
            query,
            after,
            ranks: BinaryHeap::with_capacity(query.limit + 2),
        }
    }

    fn offer(&mut self, entry: &'e Entry) {
        let rank = Ranked {
            rank: entry.rank(self.query.sort_by),
            order: self.query.sort_order,
        };
        let full = self.ranks.len() > self.query.limit;
        let too_late = full && self.ranks.peek().is_some_and(|last| rank > *last);
        let before = self.after.as_ref().is_some_and(|after| rank <= *after);
        // Filters cost most, so they are tried last.
        if too_late || before || !self.query.wants(entry) {
            return;
        }
        self.ranks.push(rank);
        if full {
            self.ranks.pop();
        }
    }

    fn page(self) -> Page {
        let ranks = self.ranks.into_sorted_vec();
        let ranks = ranks.iter().map(|ranked| ranked.rank).collect();
        self.query.cut(ranks)
    }
}

/// A rank within an order: what comes first is less.
#[derive(PartialEq, Eq)]
struct Ranked<'a> {
    rank: Rank<'a>,
    order: SortOrder,
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let ascending = self.rank.cmp(&other.rank);
        match self.order {
            SortOrder::Asc => ascending,
            SortOrder::Desc => ascending.reverse(),
        }
    }
}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Entry {
    fn rank(&self, sort_by: SortBy) -> Rank<'_> {
        let value = match sort_by {
            SortBy::CreatedDate => Some(self.created_ms),
            SortBy::LastAccessedDate => self.last_accessed_day,
            SortBy::LastChangedDate => Some(self.last_changed_ms),
            SortBy::Name => None,
        };
        (value, &self.name)
    }
}

impl From<Secret> for Entry {
    fn from(secret: Secret) -> Self {
        Self {
            deleted: secret.is_deleted(),
            name: secret.name.into(),
            description: secret.description.map(String::into_boxed_str),
            tags: secret.tags.into_boxed_slice(),
            owning_service: secret.owning_service.map(String::into_boxed_str),
            created_ms: secret.created_ms,
            last_changed_ms: secret.last_changed_ms,
            last_accessed_day: secret.last_accessed_day,
        }
    }
}

impl Searchable for Entry {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// None: no secret of this release was ever replicated.
    fn primary_region(&self) -> Option<&str> {
        None
    }

    fn owning_service(&self) -> Option<&str> {
        self.owning_service.as_deref()
    }
}

/// The least text above all that begin with `prefix`; none if there is none.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = (last..=char::MAX).nth(1);
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests;
