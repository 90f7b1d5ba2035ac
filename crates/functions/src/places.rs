//! How many functions run at the same time, whose, and who is who.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use strongroom_types::AccountId;
use tokio::{sync::oneshot, time::timeout};

/// How long a call waits for a place.
const PATIENCE: Duration = Duration::from_secs(10);
/// Calls of one account that wait, for each place that there is.
const WAITING: usize = 2;

/// The places that functions run at.
///
/// The last quarter of them is for accounts that have less than a quarter, so
/// that nobody waits for the functions of one other alone. Of accounts that wait,
/// the one with the fewest places gets the next.
pub(crate) struct Places {
    at_once: u32,
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    free: Vec<u32>,
    /// How many each account has.
    taken: HashMap<AccountId, u32>,
    waiting: HashMap<AccountId, VecDeque<Waiting>>,
    /// Counts those who came to wait.
    came: u64,
}

struct Waiting {
    number: u64,
    given: oneshot::Sender<Place>,
}

/// A place that is taken; given back when dropped.
pub(crate) struct Place {
    /// Below the number of places.
    pub(crate) number: u32,
    account: AccountId,
    places: Arc<Places>,
}

impl Places {
    /// So many.
    pub(crate) fn new(at_once: u32) -> Arc<Self> {
        Self::with_patience(at_once, PATIENCE)
    }

    fn with_patience(at_once: u32, patience: Duration) -> Arc<Self> {
        let state = State {
            free: (0..at_once).collect(),
            ..State::default()
        };
        Arc::new(Self {
            at_once,
            patience,
            state: Mutex::new(state),
        })
    }

    /// How many there are.
    pub(crate) fn at_once(&self) -> u32 {
        self.at_once
    }

    /// Waits for a place; nothing if there is none to be had in time, or too many
    /// of the account wait already.
    pub(crate) async fn take(self: &Arc<Self>, account: AccountId) -> Option<Place> {
        let given = {
            let mut state = self.lock();
            if let Some(number) = self.seat(&mut state, account) {
                return Some(self.place(number, account));
            }
            state.came += 1;
            let number = state.came;
            let waiting = state.waiting.entry(account).or_default();
            waiting.retain(|waiting| !waiting.given.is_closed());
            if waiting.len() >= WAITING * self.at_once as usize {
                return None;
            }
            let (given, place) = oneshot::channel();
            waiting.push_back(Waiting { number, given });
            place
        };
        timeout(self.patience, given).await.ok()?.ok()
    }

    fn place(self: &Arc<Self>, number: u32, account: AccountId) -> Place {
        Place {
            number,
            account,
            places: Arc::clone(self),
        }
    }

    /// A free place that the account may have, taken.
    fn seat(&self, state: &mut State, account: AccountId) -> Option<u32> {
        let kept = self.at_once as usize / 4;
        let taken = state.taken.get(&account).copied().unwrap_or(0);
        if state.free.len() <= kept && taken as usize >= kept {
            return None;
        }
        let number = state.free.pop()?;
        *state.taken.entry(account).or_default() += 1;
        Some(number)
    }

    /// A free place for whoever is next.
    fn next(&self, state: &mut State) -> Option<(u32, AccountId, oneshot::Sender<Place>)> {
        let State { waiting, taken, .. } = state;
        waiting.retain(|_, waiting| {
            waiting.retain(|waiting| !waiting.given.is_closed());
            !waiting.is_empty()
        });
        let has = |account| taken.get(account).copied().unwrap_or(0);
        let mut accounts: Vec<(u32, u64, AccountId)> = (waiting.iter())
            .filter_map(|(account, waiting)| {
                Some((has(account), waiting.front()?.number, *account))
            })
            .collect();
        accounts.sort_unstable();
        for (_, _, account) in accounts {
            if let Some(number) = self.seat(state, account) {
                let first = state.waiting.get_mut(&account)?.pop_front()?;
                return Some((number, account, first.given));
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = {
            let mut state = self.places.lock();
            state.free.push(self.number);
            if let Some(taken) = state.taken.get_mut(&self.account) {
                *taken -= 1;
                if *taken == 0 {
                    state.taken.remove(&self.account);
                }
            }
            self.places.next(&mut state)
        };
        if let Some((number, account, given)) = next {
            // Who has gone meanwhile gives it back with this.
            let _ = given.send(self.places.place(number, account));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn account(number: u32) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    async fn taken(places: &Arc<Places>, who: u32, most: usize) -> Vec<Place> {
        let mut taken = Vec::new();
        while taken.len() < most {
            match timeout(Duration::ZERO, places.take(account(who))).await {
                Ok(Some(place)) => taken.push(place),
                _ => break,
            }
        }
        taken
    }

    #[tokio::test]
    async fn nobody_has_the_place_of_another() {
        let places = Places::new(32);
        let mut all = taken(&places, 1, 100).await;
        // The last quarter is for others.
        assert_eq!(all.len(), 24);
        all.extend(taken(&places, 2, 100).await);
        assert_eq!(all.len(), 32);
        let numbers: HashSet<u32> = all.iter().map(|place| place.number).collect();
        assert_eq!(numbers, (0..32).collect());
        let given_back = all.pop().map(|place| place.number);
        assert_eq!(
            taken(&places, 3, 1).await.first().map(|p| p.number),
            given_back
        );
        drop(all);
        let state = places.lock();
        assert_eq!((state.free.len(), state.taken.len()), (32, 0));
    }

    #[tokio::test]
    async fn who_has_the_fewest_is_next() {
        let places = Places::new(4);
        let mut first = taken(&places, 1, 4).await;
        assert_eq!(first.len(), 3);
        let second = taken(&places, 2, 4).await;
        assert_eq!(second.len(), 1);
        let wait = |who| {
            let places = Arc::clone(&places);
            tokio::spawn(async move { places.take(account(who)).await.map(|place| place.account) })
        };
        let mut order = Vec::new();
        for who in [1, 1, 2, 3] {
            order.push(wait(who));
            tokio::task::yield_now().await;
        }
        drop(first.pop());
        let third = order.pop().unwrap().await.unwrap();
        assert_eq!(third, Some(account(3)));
        // What it has given back is kept for others than the two.
        tokio::task::yield_now().await;
        assert!(order.iter().all(|waiting| !waiting.is_finished()));
        drop(second);
        // Though the first came first.
        assert_eq!(order.pop().unwrap().await.unwrap(), Some(account(2)));
        for waiting in order {
            assert_eq!(waiting.await.unwrap(), Some(account(1)));
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let patience = Duration::from_millis(200);
        let places = Places::with_patience(1, patience);
        let only = places.take(account(1)).await.unwrap();
        let began = tokio::time::Instant::now();
        let waits = |who| {
            let places = Arc::clone(&places);
            tokio::spawn(async move { places.take(account(who)).await.is_some() })
        };
        let waiting = [waits(1), waits(1), waits(2)];
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        // Of the first account there wait enough.
        assert!(places.take(account(1)).await.is_none());
        assert!(began.elapsed() < patience);
        for waiting in waiting {
            assert!(!waiting.await.unwrap());
        }
        assert!(began.elapsed() >= patience);
        drop(only);
        assert!(places.take(account(2)).await.is_some());
    }
}
