//! What all databases of the process share: the threads that may block, and the budget of connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::connections::SLOW_CONNECTIONS;
use super::lanes::{Lane, Rules, Threads};

/// How many threads there are for one kind of work, what waits for them, and how many connections.
#[derive(Clone, Copy, Debug)]
pub struct WorkerLimits {
    /// SQLite connections: they bound memory (about 100 KB each) and descriptors (2 each). The first connection of a database and
    /// one per thread are always granted, so callers bound the number of open databases below it.
    pub connections: usize,
    /// Slow reads of one database that run at once; `None` is half of the threads for them.
    pub tenant_concurrency: Option<usize>,
    /// Requests that wait for a thread, of all databases together; reads and writes each.
    pub waiting: usize,
}

impl WorkerLimits {
    /// This many connections, everything else as it is where nothing is set.
    #[must_use]
    pub fn connections(connections: usize) -> Self {
        Self { connections, tenant_concurrency: None, waiting: 10_000 }
    }
}

/// Threads and the connection budget that all databases of the process share.
pub struct Workers {
    /// For reads that turned out slow.
    pub(crate) reads: Threads,
    /// For writes, which wait for the disk.
    pub(crate) writes: Threads,
    /// For opening, closing and removing files: never behind a slow query.
    pub(crate) files: Threads,
    /// Where databases wait to be closed: those that are opened wait beside them, and not behind them.
    pub(crate) closing: Lane,
    /// For the product's own databases: what every request needs waits for no tenant.
    pub(crate) infrastructure: Threads,
    pub(crate) waiting_writes: WaitingWrites,
    pub(crate) cores: usize,
    connections: AtomicUsize,
    max_connections: usize,
}

/// The writes of all databases that wait for their turn.
pub(crate) struct WaitingWrites {
    pub count: AtomicUsize,
    pub bytes: AtomicUsize,
    pub most: usize,
}

impl Workers {
    /// Starts the threads with the limits of a server where nothing is set.
    pub fn start(max_connections: usize) -> std::io::Result<Arc<Self>> {
        Self::start_with(WorkerLimits::connections(max_connections))
    }

    /// Starts the threads.
    pub fn start_with(limits: WorkerLimits) -> std::io::Result<Arc<Self>> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let (readers, writers) = (4 * cores, (4 * cores).max(16));
        let concurrency = limits.tenant_concurrency.unwrap_or(readers / 2);
        let rules = |name, count, at_once| Rules { name, count, at_once, waiting: limits.waiting, nice: 0 };
        let files = Threads::start(&rules("files", 2 * cores, 2 * cores))?;
        Ok(Arc::new(Self {
            // A slow read takes what the cores have left: the requests of everybody else are answered on the serving threads.
            reads: Threads::start(&Rules {
                nice: 10,
                ..rules("read", readers, concurrency.min(SLOW_CONNECTIONS))
            })?,
            // Writers wait for the disk, not for a core: 16 of them migrate or commit twice as fast as 4.
            writes: Threads::start(&rules("write", writers, 1))?,
            closing: files.lane(),
            files,
            infrastructure: Threads::start(&rules("directory", 4, 2))?,
            waiting_writes: WaitingWrites {
                count: AtomicUsize::new(0),
                bytes: AtomicUsize::new(0),
                most: limits.waiting,
            },
            cores,
            connections: AtomicUsize::new(0),
            max_connections: limits.connections,
        }))
    }

    /// Connections open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Slow reads that wait for a thread now.
    #[must_use]
    pub fn waiting_reads(&self) -> usize {
        self.reads.waiting()
    }

    /// Writes that wait for their commit now.
    #[must_use]
    pub fn waiting_writes(&self) -> usize {
        self.waiting_writes.count.load(Ordering::Relaxed)
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

    pub(crate) fn is_over_budget(&self) -> bool {
        self.open_connections() > self.max_connections
    }
}

/// A lock whose data stays valid whatever the thread that held it did.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
