//! `tenants.db`: which templates, versions, databases, jobs and keys exist, cached for the requests that ask each time.
//! Knows no HTTP and opens no tenant's database: what it says of a tenant's version mirrors the tenant's own file.

mod cache;
mod databases;
mod jobs;
mod keys;
mod mirror;
mod records;
mod settings;
mod store;
mod templates;

use std::sync::Arc;

use atomicbase_core::{Clock, DatabaseId, Name, Problem};
use db::{Batch, Database, DbError, ErrorKind, Migration, Outcome};

use tokio::runtime::Handle;

use crate::cache::{Cached, VersionKey};
use crate::mirror::Mirror;
use crate::records::KeyHash;

pub use databases::InsertedDatabase;
pub use jobs::RetriedJob;
pub use keys::{NewKey, random_key};
pub use records::{
    DatabaseRecord, JobFailure, JobRecord, JobStatus, KeyRecord, NewVersion, SetAside, TemplateRecord,
    TemplateSummary, TemplateVersion, VersionRecord, VersionState,
};
pub use settings::{OrganizationSettings, ReplacedSettings, Settings, UserSettings};

/// What brings `tenants.db` to the shape this program knows.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "templates, databases, jobs, keys",
        sql: include_str!("../migrations/0001_templates_databases_jobs_keys.sql"),
    },
    Migration { number: 2, name: "project", sql: include_str!("../migrations/0002_project.sql") },
];

// What one entry costs is in the hundreds of bytes for databases and keys, and up to a megabyte for a version.
const CACHED_DATABASES: usize = 100_000;
const CACHED_KEYS: usize = 10_000;
const CACHED_TEMPLATES: usize = 1_000;
const CACHED_VERSIONS: usize = 250;

/// Who exists.
pub struct Directory {
    shared: Arc<Shared>,
    mirror: Mirror,
    secret: [u8; 32],
}

struct Shared {
    database: Arc<dyn Database>,
    clock: Clock,
    /// Outlives the runtimes that serve requests.
    runtime: Handle,
    databases: Cached<DatabaseId, DatabaseRecord>,
    /// A name is never given to a second database, so that this needs no invalidation.
    names: Cached<Name, DatabaseId>,
    templates: Cached<Name, TemplateRecord>,
    versions: Cached<VersionKey, TemplateVersion>,
    keys: Cached<KeyHash, KeyRecord>,
    settings: Cached<(), Settings>,
}

impl Directory {
    /// Takes an open `tenants.db`, migrated by [`MIGRATIONS`]. Must be called within the runtime that outlives all requests: writes are
    /// seen to their end there.
    pub async fn open(database: Arc<dyn Database>, clock: Clock) -> Result<Self, Problem> {
        let shared = Arc::new(Shared {
            database,
            clock,
            runtime: Handle::current(),
            databases: Cached::new(CACHED_DATABASES),
            names: Cached::new(CACHED_DATABASES),
            templates: Cached::new(CACHED_TEMPLATES),
            versions: Cached::new(CACHED_VERSIONS),
            keys: Cached::new(CACHED_KEYS),
            settings: Cached::new(1),
        });
        // A file that is not what it should be fails the start, not the first request.
        shared.read(store::templates::list()).await?;
        let secret = shared.secret().await?;
        Ok(Self { mirror: Mirror::start(Arc::clone(&shared)), shared, secret })
    }

    /// The project's secret: made once, the same for every process of the project. What it signs nobody else can make.
    #[must_use]
    pub fn secret(&self) -> [u8; 32] {
        self.secret
    }

    /// Whether `tenants.db` answers.
    pub async fn check(&self) -> Result<(), Problem> {
        self.shared.read(db::Statement::query("SELECT 1", vec![])).await.map(drop)
    }
}

impl Shared {
    /// The stored secret, made now if there is none.
    async fn secret(&self) -> Result<[u8; 32], Problem> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(Problem::internal)?;
        let batch = Batch::write().with(store::project::insert(fresh)).with(store::project::secret());
        let outcome = self.database.run(batch).await?;
        let mut row = store::Row::of(&outcome, 1).pop().ok_or_else(|| Problem::internal("no project"))?;
        row.bytes()
    }

    /// The rows of one query.
    async fn read(&self, statement: db::Statement) -> Result<Vec<store::Row>, Problem> {
        let outcome = self.database.run(Batch::read().with(statement)).await?;
        Ok(outcome.into_values().into_iter().map(store::Row::new).collect())
    }

    /// Runs a write and then `forget`, which takes out of the caches what the write has made old.
    ///
    /// Both happen even when the caller stops waiting in between: a request whose client has gone away is dropped, but its write
    /// is not undone, and an entry that outlives it would be served for ever.
    async fn write(
        self: &Arc<Self>,
        batch: Batch,
        forget: impl FnOnce(&Shared, &Outcome) + Send + 'static,
    ) -> Result<Outcome, DbError> {
        let shared = Arc::clone(self);
        let written = self.runtime.spawn(async move {
            let outcome = shared.database.run(batch).await;
            match &outcome {
                Ok(outcome) => forget(&shared, outcome),
                // Nobody knows whether a commit whose answer was lost took place.
                Err(error) if error.kind == ErrorKind::Unavailable => shared.forget_everything(),
                Err(_) => {}
            }
            outcome
        });
        written.await.unwrap_or_else(|error| Err(DbError::new(ErrorKind::Unavailable, error.to_string())))
    }

    fn forget_everything(&self) {
        self.databases.forget_all();
        self.templates.forget_all();
        self.versions.forget_all();
        self.keys.forget_all();
        self.settings.forget_all();
    }
}
