//! A bounded cache of rows that never keeps what a write has made old.
//! Knows no SQL; the writer calls `forget` after its commit.

use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atomicbase_core::{Name, Problem};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

/// Rows by key.
///
/// A reader that found nothing loads the row while writers may change it. It keeps what it loaded only if no writer has called
/// [`Cached::forget`] for the key since before it began to load: else the row may be from before the write, and it would stay.
pub(crate) struct Cached<K, V> {
    entries: Cache<K, Arc<V>>,
    /// How often keys of each stripe were forgotten.
    forgotten: Box<[Mutex<u64>]>,
    hasher: RandomState,
}

/// Keys that share a counter only cost each other an entry, so there need not be many.
const STRIPES: u64 = 64;

impl<K: Hash + Eq, V> Cached<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: Cache::new(capacity),
            forgotten: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The entry, if it is here.
    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<Arc<V>> {
        self.entries.get(key)
    }

    /// Loads the row of a key that is not here, and keeps it. Rows that do not exist are not kept: anybody can ask for any number.
    pub(crate) async fn load(
        &self,
        key: K,
        row: impl Future<Output = Result<Option<V>, Problem>>,
    ) -> Result<Option<Arc<V>>, Problem> {
        let before = *self.stripe(&key);
        let Some(value) = row.await?.map(Arc::new) else { return Ok(None) };
        // Held while the entry goes in, so that no writer can come between the look and the insert.
        let now = self.stripe(&key);
        if *now == before {
            self.entries.insert(key, Arc::clone(&value));
        }
        Ok(Some(value))
    }

    /// Takes a key's entry out, and whatever a reader is loading for it now will not go in.
    pub(crate) fn forget(&self, key: &K) {
        let mut forgotten = self.stripe(key);
        *forgotten += 1;
        self.entries.remove(key);
    }

    /// The same for all keys.
    pub(crate) fn forget_all(&self) {
        let mut stripes: Vec<_> = self.forgotten.iter().map(lock).collect();
        stripes.iter_mut().for_each(|forgotten| **forgotten += 1);
        self.entries.clear();
    }

    fn stripe(&self, key: &K) -> MutexGuard<'_, u64> {
        let index = self.hasher.hash_one(key) % STRIPES;
        lock(&self.forgotten[usize::try_from(index).unwrap_or(0)])
    }
}

fn lock(counter: &Mutex<u64>) -> MutexGuard<'_, u64> {
    counter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A template's version as a key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct VersionKey {
    pub template: Name,
    pub version: u32,
}

/// The same, borrowed from a request. Hashes as [`VersionKey`] does: the fields in their order.
#[derive(Hash)]
pub(crate) struct VersionQuery<'a> {
    pub template: &'a str,
    pub version: u32,
}

impl Equivalent<VersionKey> for VersionQuery<'_> {
    fn equivalent(&self, key: &VersionKey) -> bool {
        self.version == key.version && self.template == key.template.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready<T>(value: T) -> impl Future<Output = Result<Option<T>, Problem>> {
        std::future::ready(Ok(Some(value)))
    }

    #[tokio::test]
    async fn what_was_loaded_is_kept_until_forgotten() {
        let cached = Cached::new(10);
        assert_eq!(*cached.load(1, ready("one")).await.unwrap().unwrap(), "one");
        assert_eq!(*cached.get(&1).unwrap(), "one");
        cached.forget(&1);
        assert!(cached.get(&1).is_none());
        assert!(cached.load(2, std::future::ready(Ok(None))).await.unwrap().is_none());
        assert!(cached.get(&2).is_none());
    }

    #[tokio::test]
    async fn a_cache_of_one_keeps_it() {
        let cached = Cached::new(1);
        cached.load((), ready("only")).await.unwrap();
        assert_eq!(cached.get(&()).as_deref(), Some(&"only"));
    }

    #[tokio::test]
    async fn a_row_that_became_old_while_it_was_loaded_is_answered_but_not_kept() {
        let cached = Cached::new(10);
        let loaded = cached.load(1, async {
            cached.forget(&1);
            Ok(Some("old"))
        });
        assert_eq!(*loaded.await.unwrap().unwrap(), "old");
        assert!(cached.get(&1).is_none());
        let loaded = cached.load(1, async {
            cached.forget_all();
            Ok(Some("old"))
        });
        loaded.await.unwrap();
        assert!(cached.get(&1).is_none());
    }

    #[tokio::test]
    async fn a_version_is_found_by_borrowed_words() {
        let cached = Cached::new(10);
        let key = VersionKey { template: Name::parse("saas-app").unwrap(), version: 3 };
        cached.load(key, ready(())).await.unwrap();
        assert!(cached.get(&VersionQuery { template: "saas-app", version: 3 }).is_some());
        assert!(cached.get(&VersionQuery { template: "saas-app", version: 2 }).is_none());
    }
}
