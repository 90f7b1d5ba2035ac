use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Rotations that may be connected to one host at the same time.
const AT_ONCE: usize = 8;
/// Rotations that may wait for one host. More are sent away, so that those of
/// other hosts get their turn.
const WAITING: usize = 16;

/// Bounds what happens to each database host at the same time.
#[derive(Clone, Default)]
pub struct Hosts(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

/// Leave to connect to a host, until dropped.
pub struct Permit {
    hosts: Hosts,
    host: String,
    permit: Option<OwnedSemaphorePermit>,
}

impl Hosts {
    /// Waits for leave to connect to a host; nothing if too many wait
    /// already.
    pub async fn enter(&self, host: &str) -> Option<Permit> {
        let semaphore = {
            let mut hosts = self.lock();
            let semaphore = hosts
                .entry(host.to_owned())
                .or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
            // One is the map's; each that waits or is connected has another.
            if Arc::strong_count(semaphore) > AT_ONCE + WAITING {
                return None;
            }
            Arc::clone(semaphore)
        };
        let permit = semaphore.acquire_owned().await.ok()?;
        Some(Permit {
            hosts: self.clone(),
            host: host.to_owned(),
            permit: Some(permit),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut hosts = self.hosts.lock();
        self.permit.take();
        let idle = |semaphore: &Arc<Semaphore>| Arc::strong_count(semaphore) == 1;
        if hosts.get(&self.host).is_some_and(idle) {
            hosts.remove(&self.host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_takes_so_many_and_no_more() {
        let hosts = Hosts::default();
        let mut inside = Vec::new();
        for _ in 0..AT_ONCE {
            inside.push(hosts.enter("a").await.unwrap());
        }
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let hosts = hosts.clone();
                tokio::spawn(async move { hosts.enter("a").await.is_some() })
            })
            .collect();
        tokio::task::yield_now().await;
        while hosts.lock().get("a").map(Arc::strong_count) != Some(1 + AT_ONCE + WAITING) {
            tokio::task::yield_now().await;
        }
        assert!(hosts.enter("a").await.is_none());
        assert!(hosts.enter("b").await.is_some());
        drop(inside);
        for entered in waiting {
            assert!(entered.await.unwrap());
        }
        assert!(hosts.lock().is_empty());
    }
}
