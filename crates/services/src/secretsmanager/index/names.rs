use std::{
    cmp::{Ordering, Reverse},
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

/// The effort of looking at an entry at all.
const ENTRY: usize = 16;

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

    /// One page of what a query asks for. Once `effort` is spent it ends, be
    /// it short or empty, and says where to go on.
    pub(super) fn page(&self, query: &Query<'_>, effort: usize) -> Page {
        let prefix = query.filters.name_prefix();
        let search = Search {
            query,
            spent: 0,
            effort,
        };
        match query.sort_by {
            SortBy::Name => search.first(self.names_in_order(prefix, query)),
            SortBy::CreatedDate if prefix.is_empty() => search.first(self.created_in_order(query)),
            SortBy::CreatedDate => {
                search.sooner(self.created_in_order(query), self.names_with(prefix))
            }
            _ => search.first(self.put_in_order(self.names_with(prefix), query)),
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

    /// `candidates` in the query's order, from where its page begins; they are
    /// sorted only as far as they are asked for.
    fn put_in_order<'a>(&'a self, candidates: Entries<'a>, query: &Query<'_>) -> Entries<'a> {
        let after = query.after.map(|cursor| query.ranked(cursor.rank()));
        let ranks = candidates.map(|entry| query.ranked(entry.rank(query.sort_by)));
        let later = ranks.filter(|rank| after.as_ref().is_none_or(|after| rank > after));
        let mut waiting: BinaryHeap<_> = later.map(Reverse).collect();
        let names = std::iter::from_fn(move || Some(waiting.pop()?.0.rank.1));
        Box::new(names.filter_map(|name| self.by_name.get(name).map(Arc::as_ref)))
    }
}

impl Query<'_> {
    fn ranked<'a>(&self, rank: Rank<'a>) -> Ranked<'a> {
        Ranked {
            rank,
            order: self.sort_order,
        }
    }

    fn wants(&self, entry: &Entry, effort: &mut usize) -> bool {
        *effort += ENTRY;
        (self.include_deleted || !entry.deleted) && self.filters.admit(entry, effort)
    }

    /// The page that ends where there are more ranks than it holds.
    fn cut(&self, mut ranks: Vec<Rank<'_>>) -> Page {
        let more = ranks.len() > self.limit;
        ranks.truncate(self.limit);
        let last = ranks.last().filter(|_| more).copied();
        ending(&ranks, last)
    }
}

/// A page of these ranks, which the next one follows if there is a `last`.
fn ending(ranks: &[Rank<'_>], last: Option<Rank<'_>>) -> Page {
    Page {
        next: last.map(|(value, name)| Cursor {
            value,
            name: name.to_owned(),
        }),
        names: ranks.iter().map(|(_, name)| (*name).to_owned()).collect(),
    }
}

/// The way through entries to a page.
struct Search<'q> {
    query: &'q Query<'q>,
    spent: usize,
    /// The most that may be spent, give or take one entry.
    effort: usize,
}

impl Search<'_> {
    /// The first of entries that are in order and begin where the page does.
    fn first(mut self, in_order: Entries<'_>) -> Page {
        let mut first = Vec::new();
        for entry in in_order {
            if let Some(page) = self.look_at(entry, &mut first) {
                return page;
            }
        }
        self.query.cut(first)
    }

    /// Both at once, step by step, because either may end long before the
    /// other: the way along the order, when the page is full; the way through
    /// all candidates, when there are few.
    fn sooner<'a>(mut self, mut in_order: Entries<'a>, candidates: Entries<'a>) -> Page {
        let mut first = Vec::new();
        let mut best = Best::of(self.query);
        for candidate in candidates {
            best.offer(candidate, &mut self.spent);
            let Some(entry) = in_order.next() else {
                return self.query.cut(first);
            };
            if let Some(page) = self.look_at(entry, &mut first) {
                return page;
            }
        }
        best.page()
    }

    /// Takes the entry if it is wanted. The page, if it is full or the effort
    /// spent.
    fn look_at<'a>(&mut self, entry: &'a Entry, first: &mut Vec<Rank<'a>>) -> Option<Page> {
        let rank = entry.rank(self.query.sort_by);
        if self.query.wants(entry, &mut self.spent) {
            first.push(rank);
        }
        if first.len() > self.query.limit {
            Some(self.query.cut(std::mem::take(first)))
        } else if self.spent >= self.effort {
            Some(ending(first, Some(rank)))
        } else {
            None
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
        Self {
            query,
            after: query.after.map(|cursor| query.ranked(cursor.rank())),
            ranks: BinaryHeap::with_capacity(query.limit + 2),
        }
    }

    fn offer(&mut self, entry: &'e Entry, effort: &mut usize) {
        let rank = self.query.ranked(entry.rank(self.query.sort_by));
        let full = self.ranks.len() > self.query.limit;
        let too_late = full && self.ranks.peek().is_some_and(|last| rank > *last);
        let before = self.after.as_ref().is_some_and(|after| rank <= *after);
        // Filters cost most, so they are tried last.
        if too_late || before || !self.query.wants(entry, effort) {
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

impl Cursor {
    fn rank(&self) -> Rank<'_> {
        (self.value, &self.name)
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
