//! What ListSecrets searches: the secrets of an account and Region in memory,
//! always as the commits are.
//!
//! Nothing is kept for a Region until its first list or creation. Then its rows are read
//! once; from that moment on every commit is followed. The thread that commits
//! only leaves its changes in a queue, which the next list takes in before it
//! searches, so that no search holds up a commit. All of it can be dropped at
//! any time: the store is the truth.

mod names;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use strongroom_store::{Change, CommitObserver, Mode, Store, StoreError};
use strongroom_types::{AccountId, Region};
use tokio::sync::OnceCell;

use self::names::Names;
use super::{filters::Filters, page_token::Cursor, record::Secret};
use crate::{
    context::{Context, Home},
    shape::enumeration,
    tables::Secrets,
};

/// Changes that may wait for the next list. With more waiting, the thread that
/// commits takes them in, if no search is under way.
const QUEUED_CHANGES: usize = 4096;
/// How much one search compares before others have their turn, in bytes:
/// some milliseconds.
const EFFORT: usize = 4 << 20;
/// Searches for one page: some tenths of a second.
const SEARCHES: usize = 32;
/// Rows read at a time.
const ROWS: usize = 1000;

enumeration! {
    /// What a list of secrets is sorted by.
    pub enum SortBy {
        CreatedDate = "created-date",
        LastAccessedDate = "last-accessed-date",
        LastChangedDate = "last-changed-date",
        Name = "name",
    }
}

enumeration! {
    /// Which way a list is sorted.
    pub enum SortOrder {
        Asc = "asc",
        Desc = "desc",
    }
}

/// Which secrets to list, and in which order.
pub(super) struct Query<'a> {
    /// What they must have.
    pub(super) filters: &'a Filters,
    /// Also those that are scheduled for deletion.
    pub(super) include_deleted: bool,
    /// What they are sorted by. Equal dates are sorted by name.
    pub(super) sort_by: SortBy,
    /// Which way.
    pub(super) sort_order: SortOrder,
    /// Where the page begins; at the first one if absent.
    pub(super) after: Option<&'a Cursor>,
    /// How many at most.
    pub(super) limit: usize,
}

/// Some of the secrets that a query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Their names, in the order asked for.
    pub(super) names: Vec<String>,
    /// Where the next page begins, if there is more.
    pub(super) next: Option<Cursor>,
}

/// One page of the caller's secrets in the endpoint's Region, and where the
/// next one begins. The page may be short where secrets went meanwhile.
///
/// # Errors
/// Those of the store.
pub(super) async fn list(
    cx: &mut Context<'_>,
    query: &Query<'_>,
) -> Result<(Vec<Secret>, Option<Cursor>), StoreError> {
    let Home {
        account, region, ..
    } = cx.home();
    let services = cx.services;
    let page = services
        .secrets
        .index
        .page(&services.store, (account, region), query)
        .await?;
    let keys: Vec<_> = page
        .names
        .into_iter()
        .map(|name| (account, region, name))
        .collect();
    let rows = cx.tx.get_many::<Secrets>(&keys).await?;
    // The index may be ahead of the transaction.
    let wanted = |secret: &Secret| query.include_deleted || !secret.is_deleted();
    Ok((
        rows.into_iter().flatten().filter(wanted).collect(),
        page.next,
    ))
}

/// The secrets of all accounts and Regions that were ever listed.
#[derive(Default)]
pub(super) struct SecretIndex {
    homes: RwLock<HashMap<(AccountId, Region), Arc<Follower>>>,
}

/// Follows the secrets of one account in one Region.
#[derive(Default)]
struct Follower {
    names: OnceCell<RwLock<Names>>,
    queue: Mutex<Queue>,
}

/// Changes that are committed and not yet in [`Names`].
#[derive(Default)]
struct Queue {
    /// Whether changes are of use: reading has begun, and has not failed.
    open: bool,
    /// In the order in which they were committed; absent means deleted.
    changes: Vec<(String, Option<Secret>)>,
}

impl SecretIndex {
    /// An index that knows nothing yet. It must observe the store before its
    /// first list.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// One page of an account's secrets in a Region, by name. It shows every
    /// commit that was answered before, and perhaps later ones.
    ///
    /// A search is made of short ones, each of which goes on where the one
    /// before ended, so that filters which take long hold up neither other
    /// requests nor what waits to be taken in. Past [`SEARCHES`] of them the
    /// page ends, short as it may be.
    ///
    /// # Errors
    /// Those of the store, when it is read for the first list.
    pub(super) async fn page(
        &self,
        store: &Store,
        home: (AccountId, Region),
        query: &Query<'_>,
    ) -> Result<Page, StoreError> {
        let mut page = Page {
            names: Vec::new(),
            next: query.after.cloned(),
        };
        for _ in 0..SEARCHES {
            let rest = Query {
                after: page.next.as_ref(),
                limit: query.limit - page.names.len(),
                ..*query
            };
            let found = self
                .with_names(store, home, |names| names.page(&rest, EFFORT))
                .await?;
            page.names.extend(found.names);
            page.next = found.next;
            if page.next.is_none() || page.names.len() >= query.limit {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(page)
    }

    /// How many secrets an account has in a Region, those that wait for their
    /// deletion included.
    ///
    /// # Errors
    /// As [`SecretIndex::page`].
    pub(super) async fn count(
        &self,
        store: &Store,
        home: (AccountId, Region),
    ) -> Result<usize, StoreError> {
        self.with_names(store, home, Names::count).await
    }

    async fn with_names<T>(
        &self,
        store: &Store,
        (account, region): (AccountId, Region),
        ask: impl FnOnce(&Names) -> T,
    ) -> Result<T, StoreError> {
        let follower = self.follower(account, region);
        let names = follower
            .names
            .get_or_try_init(|| follower.read(store, account, region));
        let names = names.await?;
        follower.take_in(names);
        Ok(ask(&names.read().unwrap_or_else(PoisonError::into_inner)))
    }

    fn follower(&self, account: AccountId, region: Region) -> Arc<Follower> {
        let home = (account, region);
        let homes = self.homes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(follower) = homes.get(&home) {
            return Arc::clone(follower);
        }
        drop(homes);
        let mut homes = self.homes.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(homes.entry(home).or_default())
    }
}

impl CommitObserver for SecretIndex {
    fn committed(&self, changes: &[Change]) {
        for change in changes {
            let Some((account, region, name)) = change.key::<Secrets>() else {
                continue;
            };
            let homes = self.homes.read().unwrap_or_else(PoisonError::into_inner);
            let follower = homes.get(&(account, region)).map(Arc::clone);
            drop(homes);
            if let Some(follower) = follower {
                follower.leave(name, || change.record::<Secrets>());
            }
        }
    }
}

impl Follower {
    /// Reads all rows. Changes committed meanwhile wait in the queue: it is
    /// opened before the transaction begins, so that whatever is not in the
    /// queue is in the rows. What is in both does no harm, because the queue
    /// has the newest last.
    async fn read(
        &self,
        store: &Store,
        account: AccountId,
        region: Region,
    ) -> Result<RwLock<Names>, StoreError> {
        let opened = Opened::new(&self.queue);
        let mut tx = store.begin(Mode::Read).await?;
        let mut names = Names::default();
        let mut after = None;
        loop {
            let rows = tx
                .range::<Secrets>((account, region), after.as_ref(), ROWS)
                .await?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            for (_, secret) in rows {
                names.put(secret);
            }
        }
        opened.keep();
        Ok(RwLock::new(names))
    }

    /// Leaves a change for the next list.
    fn leave(&self, name: String, secret: impl FnOnce() -> Option<Secret>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.open {
            return;
        }
        queue.changes.push((name, secret()));
        // Nobody may have listed for long.
        if queue.changes.len() > QUEUED_CHANGES
            && let Some(names) = self.names.get()
            && let Ok(mut names) = names.try_write()
        {
            names.apply(std::mem::take(&mut queue.changes));
        }
    }

    /// Takes in what has been left.
    fn take_in(&self, names: &RwLock<Names>) {
        let queue = || self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue().changes.is_empty() {
            return;
        }
        // First the names, then the queue: two lists must not take changes in
        // another order than that of their commits.
        let mut names = names.write().unwrap_or_else(PoisonError::into_inner);
        let changes = std::mem::take(&mut queue().changes);
        names.apply(changes);
    }
}

/// A queue that is closed again unless the rows could be read.
struct Opened<'a>(Option<&'a Mutex<Queue>>);

impl<'a> Opened<'a> {
    fn new(queue: &'a Mutex<Queue>) -> Self {
        *queue.lock().unwrap_or_else(PoisonError::into_inner) = Queue {
            open: true,
            changes: Vec::new(),
        };
        Self(Some(queue))
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        if let Some(queue) = self.0 {
            *queue.lock().unwrap_or_else(PoisonError::into_inner) = Queue::default();
        }
    }
}

#[cfg(test)]
mod tests;
