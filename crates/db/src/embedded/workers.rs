//! The threads that may block: for writes, which wait for the disk, for reads that turned out slow, and for files.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

type Job = Box<dyn FnOnce() + Send>;

/// Threads and the connection budget that all databases of the process share.
pub struct Workers {
    pub(crate) reads: Threads,
    pub(crate) writes: Threads,
    /// Opening, closing and removing files: never behind a slow query.
    pub(crate) files: Threads,
    connections: AtomicUsize,
    max_connections: usize,
}

impl Workers {
    /// Starts the threads. `max_connections` bounds memory (about 100 KB each) and descriptors (2 each);
    /// the first connection of a database is always granted, so callers bound the number of open databases below it.
    pub fn start(max_connections: usize) -> std::io::Result<Arc<Self>> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Arc::new(Self {
            reads: Threads::start("read", 4 * cores)?,
            // Writers wait for the disk, not for a core: 16 of them migrate or commit twice as fast as 4.
            writes: Threads::start("write", (4 * cores).max(16))?,
            files: Threads::start("files", 2 * cores)?,
            connections: AtomicUsize::new(0),
            max_connections,
        }))
    }

    /// Connections open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn uncount_connections(&self, closed: usize) {
        self.connections.fetch_sub(closed, Ordering::Relaxed);
    }

    pub(crate) fn may_open_another(&self) -> bool {
        self.open_connections() < self.max_connections
    }
}

/// A fixed number of threads and one queue.
pub(crate) struct Threads(Arc<Queue>);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Threads {
    fn start(name: &str, count: usize) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        for number in 0..count {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || work(&queue))?;
        }
        Ok(Self(queue))
    }

    /// Queues a job. Jobs start in the order they come.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) {
        lock(&self.0.state).jobs.push_back(Box::new(job));
        self.0.arrived.notify_one();
    }

    /// Queues what a job of these threads leaves to be done. Wakes nobody: the job's own thread looks at the queue next.
    pub(crate) fn submit_next(&self, job: impl FnOnce() + Send + 'static) {
        lock(&self.0.state).jobs.push_back(Box::new(job));
    }
}

impl Drop for Threads {
    /// The threads finish what is queued and end; nobody waits for them, since the last owner may be one of them.
    fn drop(&mut self) {
        lock(&self.0.state).closed = true;
        self.0.arrived.notify_all();
    }
}

fn work(queue: &Queue) {
    loop {
        let mut state = lock(&queue.state);
        let job = loop {
            if let Some(job) = state.jobs.pop_front() {
                break job;
            }
            if state.closed {
                return;
            }
            state = queue.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        // A panic must cost its own request only, not the thread.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("a database job panicked");
        }
    }
}

/// A lock whose data stays valid whatever the thread that held it did.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
