use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::SigningKey;

/// Parts of the cache that are locked apart.
const SHARDS: usize = 16;

/// Most signing keys kept for one access key. A client uses few: a Region or
/// two, a handful of services, one date and around midnight two.
const KEYS_PER_ACCESS_KEY: usize = 64;

/// Derived signing keys, so that a secret access key need not be unsealed and
/// derived from for each request. Bounded; any number of threads.
///
/// The cache is no authority on which access keys exist or are active: look
/// the access key up first, then ask here.
pub struct SigningKeyCache {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// Access keys that one generation of a shard holds.
    generation_size: usize,
}

/// What a signing key was derived for.
#[derive(Clone, Copy, Debug)]
pub struct KeyName<'a> {
    /// The access key.
    pub access_key_id: &'a str,
    /// Differs whenever the secret of `access_key_id` does. A constant where
    /// an access key never changes its secret, as in AWS.
    pub secret_version: u64,
    /// The date of the scope, `YYYYMMDD`.
    pub date: &'a str,
    /// The Region of the scope.
    pub region: &'a str,
    /// The service of the scope, by its signing name.
    pub service: &'a str,
}

/// Two generations: keys in use move to the young one; when that is full it
/// becomes the old one, whose keys were then unused for a while and go.
#[derive(Default)]
struct Shard {
    young: HashMap<Box<str>, Vec<Entry>>,
    old: HashMap<Box<str>, Vec<Entry>>,
}

struct Entry {
    secret_version: u64,
    date: Box<str>,
    region: Box<str>,
    service: Box<str>,
    key: SigningKey,
}

impl SigningKeyCache {
    /// A cache for the signing keys of about `access_keys` access keys.
    #[must_use]
    pub fn new(access_keys: usize) -> Self {
        Self {
            shards: Default::default(),
            hasher: RandomState::new(),
            generation_size: (access_keys / (2 * SHARDS)).max(1),
        }
    }

    /// The key of this name, if it is kept.
    #[must_use]
    pub fn get(&self, name: &KeyName<'_>) -> Option<SigningKey> {
        let mut shard = self.shard(name.access_key_id);
        if let Some(entries) = shard.young.get(name.access_key_id) {
            return find(entries, name);
        }
        let (access_key_id, entries) = shard.old.remove_entry(name.access_key_id)?;
        let found = find(&entries, name);
        shard.insert(access_key_id, entries, self.generation_size);
        found
    }

    /// Keeps `key` under this name. Keys of the same access key and another
    /// version of its secret go.
    pub fn insert(&self, name: &KeyName<'_>, key: SigningKey) {
        let mut shard = self.shard(name.access_key_id);
        let (access_key_id, mut entries) = shard
            .take(name.access_key_id)
            .unwrap_or_else(|| (name.access_key_id.into(), Vec::new()));
        entries.retain(|entry| entry.secret_version == name.secret_version && !entry.is_for(name));
        if entries.len() >= KEYS_PER_ACCESS_KEY {
            entries.remove(0);
        }
        entries.push(Entry {
            secret_version: name.secret_version,
            date: name.date.into(),
            region: name.region.into(),
            service: name.service.into(),
            key,
        });
        shard.insert(access_key_id, entries, self.generation_size);
    }

    /// Drops all keys of an access key that was deleted, deactivated or given
    /// another secret.
    pub fn forget(&self, access_key_id: &str) {
        self.shard(access_key_id).take(access_key_id);
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the index is a remainder by the array's length"
    )]
    fn shard(&self, access_key_id: &str) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(access_key_id);
        let [low, ..] = hash.to_le_bytes();
        self.shards[usize::from(low) % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn take(&mut self, access_key_id: &str) -> Option<(Box<str>, Vec<Entry>)> {
        self.young
            .remove_entry(access_key_id)
            .or_else(|| self.old.remove_entry(access_key_id))
    }

    // INVARIANT: an access key is in one generation only, so that `take`
    // leaves nothing behind.
    fn insert(&mut self, access_key_id: Box<str>, entries: Vec<Entry>, generation_size: usize) {
        if self.young.len() >= generation_size {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(access_key_id, entries);
    }
}

impl Entry {
    fn is_for(&self, name: &KeyName<'_>) -> bool {
        self.secret_version == name.secret_version
            && *self.region == *name.region
            && *self.service == *name.service
            && *self.date == *name.date
    }
}

fn find(entries: &[Entry], name: &KeyName<'_>) -> Option<SigningKey> {
    // The newest first: it is today's.
    let mut newest_first = entries.iter().rev();
    newest_first
        .find(|entry| entry.is_for(name))
        .map(|entry| entry.key.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(access_key_id: &str, secret_version: u64) -> KeyName<'_> {
        KeyName {
            access_key_id,
            secret_version,
            date: "20261101",
            region: "eu-central-1",
            service: "kms",
        }
    }

    fn key() -> SigningKey {
        SigningKey::derive(b"secret", "20261101", "eu-central-1", "kms")
    }

    #[test]
    fn gives_back_a_key_under_its_whole_name_only() {
        let cache = SigningKeyCache::new(100);
        let kept = name("AKIA1", 0);
        cache.insert(&kept, key());
        assert!(cache.get(&kept).is_some());
        for other in [
            KeyName {
                access_key_id: "AKIA2",
                ..kept
            },
            KeyName {
                secret_version: 1,
                ..kept
            },
            KeyName {
                date: "20261102",
                ..kept
            },
            KeyName {
                region: "eu-west-1",
                ..kept
            },
            KeyName {
                service: "sts",
                ..kept
            },
        ] {
            assert!(cache.get(&other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn forgets_all_keys_of_an_access_key_in_either_generation() {
        let cache = SigningKeyCache::new(0);
        let kept = name("AKIA1", 0);
        cache.insert(&kept, key());
        cache.insert(
            &KeyName {
                service: "sts",
                ..kept
            },
            key(),
        );
        for number in 0..20 {
            // Pushes the access key into the old generation of its shard.
            if cache.shard("AKIA1").old.contains_key("AKIA1") {
                break;
            }
            cache.insert(&name(&format!("AKIB{number}"), 0), key());
        }
        cache.forget("AKIA1");
        assert!(cache.get(&kept).is_none());
        assert!(
            cache
                .get(&KeyName {
                    service: "sts",
                    ..kept
                })
                .is_none()
        );
    }

    #[test]
    fn another_secret_drops_the_keys_of_the_former() {
        let cache = SigningKeyCache::new(100);
        cache.insert(&name("AKIA1", 0), key());
        cache.insert(&name("AKIA1", 1), key());
        assert!(cache.get(&name("AKIA1", 0)).is_none());
        assert!(cache.get(&name("AKIA1", 1)).is_some());
    }

    #[test]
    fn is_bounded_in_access_keys_and_in_keys_of_each() {
        let cache = SigningKeyCache::new(64);
        for number in 0..1000 {
            cache.insert(&name(&format!("AKIA{number}"), 0), key());
        }
        let kept: usize = cache
            .shards
            .iter()
            .map(|shard| {
                let shard = shard.lock().unwrap();
                shard.young.len() + shard.old.len()
            })
            .sum();
        assert!(kept <= 64, "{kept}");

        for number in 0..1000 {
            let region = format!("region-{number}");
            cache.insert(
                &KeyName {
                    region: &region,
                    ..name("AKIA1", 0)
                },
                key(),
            );
        }
        let shard = cache.shard("AKIA1");
        assert_eq!(shard.young["AKIA1"].len(), KEYS_PER_ACCESS_KEY);
    }

    #[test]
    fn a_key_in_use_outlives_the_turnover() {
        let cache = SigningKeyCache::new(64);
        let used = name("AKIAUSED", 0);
        cache.insert(&used, key());
        for number in 0..1000 {
            cache.insert(&name(&format!("AKIA{number}"), 0), key());
            assert!(cache.get(&used).is_some(), "after {number} others");
        }
    }
}
