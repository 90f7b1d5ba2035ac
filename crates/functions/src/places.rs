//! How many functions run at the same time, and who is who.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Functions that run at the same time.
const AT_ONCE: u32 = 32;

/// The places that functions run at.
pub(crate) struct Places {
    free: Mutex<Vec<u32>>,
    room: Semaphore,
}

/// A place that is taken; given back when dropped.
pub(crate) struct Place<'p> {
    /// Below [`AT_ONCE`].
    pub(crate) number: u32,
    places: &'p Places,
    _permit: Option<SemaphorePermit<'p>>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            free: Mutex::new((0..AT_ONCE).collect()),
            room: Semaphore::new(AT_ONCE as usize),
        }
    }
}

impl Places {
    /// Waits for a place.
    pub(crate) async fn take(&self) -> Place<'_> {
        // The semaphore is never closed.
        let permit = self.room.acquire().await.ok();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        Place {
            number: free.pop().unwrap_or(AT_ONCE),
            places: self,
            _permit: permit,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut free = self
            .places
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        free.push(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test]
    async fn nobody_has_the_place_of_another() {
        let places = Places::default();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(places.take().await);
        }
        let numbers: HashSet<u32> = taken.iter().map(|place| place.number).collect();
        assert_eq!(numbers, (0..AT_ONCE).collect());
        assert_eq!(places.room.available_permits(), 0);
        let given_back = taken.pop().map(|place| place.number);
        assert_eq!(Some(places.take().await.number), given_back);
    }
}
