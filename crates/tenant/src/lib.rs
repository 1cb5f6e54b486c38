//! A tenant's database, open, at the right template version: the cache of open handles, opening, and the one step that
//! moves a database to a later version. The only crate that opens a tenant's database. Knows no HTTP and no callers.

mod cache;
mod create;
mod migrate;
mod open;

use std::sync::{Arc, PoisonError, RwLock};

use atomicbase_core::Clock;
use db::{Batch, Database, DatabaseStore, DbError, Outcome};
use directory::{Directory, TemplateVersion};
use tokio::sync::{Mutex, watch};

pub use migrate::MoveError;

/// All tenant databases of this process.
pub struct Tenants {
    store: Arc<dyn DatabaseStore>,
    directory: Arc<Directory>,
    clock: Clock,
    cache: cache::Cache,
    images: create::Images,
}

/// One tenant's open database.
pub struct Tenant {
    database: Arc<dyn Database>,
    /// What the file itself says; changed only by a move, under `moving`.
    version: RwLock<Arc<TemplateVersion>>,
    /// One move at a time, however many ask.
    moving: Mutex<()>,
    /// Closed when the last user of the handle is gone.
    in_use: watch::Sender<()>,
}

impl Tenants {
    /// Tenants kept in `store`, known to `directory`, with at most `capacity` open that nobody uses.
    #[must_use]
    pub fn new(
        store: Arc<dyn DatabaseStore>,
        directory: Arc<Directory>,
        clock: Clock,
        capacity: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            directory,
            clock,
            cache: cache::Cache::new(capacity),
            images: create::Images::default(),
        })
    }

    /// Databases open now.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.cache.len()
    }
}

impl Tenant {
    pub(crate) fn new(database: Arc<dyn Database>, version: Arc<TemplateVersion>) -> Self {
        Self {
            database,
            version: RwLock::new(version),
            moving: Mutex::default(),
            in_use: watch::Sender::default(),
        }
    }

    /// The version the database is at, as far as this handle knows. A batch says which version it was compiled for and
    /// is refused by the database itself when that is no longer true.
    #[must_use]
    pub fn version(&self) -> Arc<TemplateVersion> {
        Arc::clone(&self.version.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a batch on the database.
    pub async fn run(&self, batch: Batch) -> Result<Outcome, DbError> {
        self.database.run(batch).await
    }
}
