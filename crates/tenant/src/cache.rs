//! Open handles, bounded: a handle that nobody uses and nobody used lately is closed when room is needed.
//!
//! Invariant: at most one handle per database, so its writes have one queue. A handle in use is never evicted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atomicbase_core::{DatabaseId, Problem};
use tokio::sync::OnceCell;

use crate::Tenant;

/// How many handles the clock's hand passes per insertion: bounds the work of one request.
const STEPS: usize = 16;

pub(crate) struct Cache {
    slots: Mutex<Slots>,
    capacity: usize,
}

#[derive(Default)]
struct Slots {
    by_id: HashMap<DatabaseId, Arc<Slot>>,
    /// The clock: every id once, in the order the hand passes them.
    clock: VecDeque<DatabaseId>,
    /// Being dropped: not to be opened again.
    dropping: HashSet<DatabaseId>,
}

#[derive(Default)]
struct Slot {
    tenant: OnceCell<Arc<Tenant>>,
    used: AtomicBool,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { slots: Mutex::default(), capacity: capacity.max(1) }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    /// The open handle, or the one that `open` makes: once, however many ask at the same time.
    /// `None` while the database is being dropped.
    pub(crate) async fn get_or_open<F>(
        &self,
        id: &DatabaseId,
        open: F,
    ) -> Result<Option<Arc<Tenant>>, Problem>
    where
        F: AsyncFnOnce() -> Result<Tenant, Problem>,
    {
        let Some(slot) = self.slot(id) else { return Ok(None) };
        slot.used.store(true, Ordering::Relaxed);
        if let Some(tenant) = slot.tenant.get() {
            return Ok(Some(Arc::clone(tenant)));
        }
        let opened = slot.tenant.get_or_try_init(async || open().await.map(Arc::new)).await;
        if opened.is_err() {
            self.forget_unopened(id, &slot);
        }
        opened.map(|tenant| Some(Arc::clone(tenant)))
    }

    /// Takes the handle out and keeps others from opening the database until [`Cache::dropped`].
    pub(crate) fn begin_drop(&self, id: &DatabaseId) -> Option<Arc<Tenant>> {
        let mut slots = self.lock();
        slots.dropping.insert(id.clone());
        slots.clock.retain(|other| other != id);
        slots.by_id.remove(id).and_then(|slot| slot.tenant.get().cloned())
    }

    pub(crate) fn dropped(&self, id: &DatabaseId) {
        self.lock().dropping.remove(id);
    }

    fn slot(&self, id: &DatabaseId) -> Option<Arc<Slot>> {
        let mut slots = self.lock();
        if let Some(slot) = slots.by_id.get(id) {
            return Some(Arc::clone(slot));
        }
        if slots.dropping.contains(id) {
            return None;
        }
        let evicted = if slots.by_id.len() >= self.capacity { slots.evict() } else { None };
        let slot = Arc::new(Slot::default());
        slots.by_id.insert(id.clone(), Arc::clone(&slot));
        slots.clock.push_back(id.clone());
        drop(slots);
        // Closing may take a while; not under the lock.
        drop(evicted);
        Some(slot)
    }

    /// A database that could not be opened leaves no slot behind.
    fn forget_unopened(&self, id: &DatabaseId, failed: &Arc<Slot>) {
        let mut slots = self.lock();
        let same = slots.by_id.get(id).is_some_and(|slot| Arc::ptr_eq(slot, failed));
        if same && failed.tenant.get().is_none() && Arc::strong_count(failed) == 2 {
            slots.by_id.remove(id);
            slots.clock.retain(|other| other != id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    /// Passes the hand over a few handles and takes out the first that nobody holds and nobody used since it last passed.
    /// Finding none, the cache grows by one: requests in flight bound that.
    fn evict(&mut self) -> Option<Arc<Slot>> {
        for _ in 0..STEPS.min(2 * self.clock.len()) {
            let id = self.clock.pop_front()?;
            let slot = self.by_id.get(&id)?;
            let idle = Arc::strong_count(slot) == 1
                && slot.tenant.get().is_none_or(|tenant| Arc::strong_count(tenant) == 1);
            if idle && !slot.used.swap(false, Ordering::Relaxed) {
                return self.by_id.remove(&id);
            }
            self.clock.push_back(id);
        }
        None
    }
}
