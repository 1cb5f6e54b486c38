//! Chooses the backends and connects the rooms. The only place that knows a concrete store.

use std::path::Path;
use std::sync::Arc;

use atomicbase_core::{Clock, Problem};
use atomicbase_http::{Outer, OuterSettings, Route, Turns};
use axum::Router;
use db::{DbError, EmbeddedStore, ErrorKind, FolderLock, WorkerLimits, Workers};
use directory::Directory;
use gateway::Gateway;
use platform::Platform;
use tenant::Tenants;

use crate::access_log::AccessLog;
use crate::config::Settings;

/// A program put together: what to serve, and what must stay alive while it is.
pub(crate) struct Wired {
    gateway: Arc<Gateway>,
    routes: Vec<Route>,
    outer: Arc<Outer>,
    pub platform: Platform,
    /// Held until the process ends.
    pub lock: FolderLock,
    /// Dropped when the last request is answered.
    pub access_log: Option<AccessLog>,
}

/// Descriptors that are neither connections nor tenant databases.
const SPARE_DESCRIPTORS: u64 = 200;
/// A connection to a tenant's database has its file and its log open.
const DESCRIPTORS_PER_DATABASE: u64 = 2;
/// Open tenant databases where nothing is set: about 200 MB.
const OPEN_DATABASES: u64 = 2_000;

/// Opens everything. Must run within the runtime that outlives all requests.
pub(crate) async fn wire(settings: &mut Settings) -> Result<Wired, Problem> {
    let data_dir = settings.data_dir.clone();
    let lock = own_folder(&data_dir)?;
    let (open_databases, max_sqlite) = handle_budget(settings);
    let workers = Workers::start_with(WorkerLimits {
        connections: max_sqlite,
        tenant_concurrency: settings.limits.tenant_concurrency,
        waiting: settings.limits.waiting_requests,
    })
    .map_err(Problem::internal)?;

    let clock = Clock::system();
    let infrastructure =
        db::open_infrastructure(&workers, &data_dir.join("tenants.db"), directory::MIGRATIONS)
            .map_err(|error| at_path(&error, &data_dir.join("tenants.db")))?;
    let directory = Arc::new(Directory::open(infrastructure, clock.clone()).await?);
    let store = EmbeddedStore::open(&data_dir.join("tenants"), Arc::clone(&workers))
        .map_err(|error| at_path(&error, &data_dir.join("tenants")))?;
    let tenants = Tenants::new(Arc::new(store), Arc::clone(&directory), clock.clone(), open_databases);
    let platform = Platform::new(Arc::clone(&directory), Arc::clone(&tenants), clock.clone());
    let data = data::Data::new(Arc::clone(&tenants), settings.limits.clone(), directory.secret());

    let mut routes = platform::routes(&platform);
    routes.extend(data::routes(&data));
    let metrics = gateway::metrics();
    let gauges: gateway::Gauges = {
        let (tenants, workers) = (Arc::clone(&tenants), Arc::clone(&workers));
        Arc::new(move || {
            let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
            vec![
                ("atomicbase_open_databases", "Tenant databases open now.", count(tenants.open_count())),
                ("atomicbase_sqlite_connections", "SQLite connections.", count(workers.open_connections())),
                ("atomicbase_waiting_reads", "Slow reads that wait.", count(workers.waiting_reads())),
                ("atomicbase_waiting_writes", "Writes that wait.", count(workers.waiting_writes())),
            ]
        })
    };
    routes.extend(gateway::operations(Arc::clone(&directory), Arc::clone(&metrics), gauges, &routes));
    let access_log = settings.access_log.then(AccessLog::start).transpose().map_err(Problem::internal)?;
    let outer = OuterSettings {
        body_bytes: settings.limits.body_bytes,
        // The query's own deadline comes first, with an answer that says more.
        timeout: settings.limits.request_timeout + std::time::Duration::from_secs(5),
        allowed_origins: settings.allowed_origins.clone(),
        access_log: access_log.as_ref().map(AccessLog::logger),
        unread_bytes: settings.limits.unread_bytes,
    };
    let gateway = Gateway::new(directory, settings.service_key.take(), &settings.limits, clock);
    let outer = Outer::new(outer, metrics);
    Ok(Wired { gateway, routes, outer, platform, lock, access_log })
}

impl Wired {
    /// The whole program as one serving thread runs it.
    pub(crate) fn router(&self, turns: &Arc<Turns>) -> Router {
        let outer = self.outer.on_thread(Arc::clone(turns));
        gateway::mount(&self.gateway, self.routes.clone(), outer)
    }
}

/// Makes the folder where it is missing, for this user only, and makes it this process's own.
fn own_folder(folder: &Path) -> Result<FolderLock, Problem> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Problem::new(atomicbase_core::Code::Unavailable, format!("{}: {error}", folder.display()))
    })?;
    db::lock_folder(folder).map_err(|error| {
        let problem = Problem::new(atomicbase_core::Code::Unavailable, error.message.clone());
        match error.kind {
            ErrorKind::Busy => {
                problem.hint("Stop it first, or give this one another folder with --data-dir.")
            }
            _ => problem,
        }
    })
}

/// How many tenant databases stay open, and how many SQLite connections there may be in all.
fn handle_budget(settings: &mut Settings) -> (usize, usize) {
    let descriptors = db::raise_descriptor_limit();
    // Clients take half of the descriptors at most: the databases need the others, whatever is set.
    let half = usize::try_from(descriptors / 2).unwrap_or(usize::MAX).max(1);
    settings.max_connections = settings.max_connections.min(half);
    let connections = u64::try_from(settings.max_connections).unwrap_or(u64::MAX);
    let for_databases =
        descriptors.saturating_sub(connections.min(descriptors / 2)).saturating_sub(SPARE_DESCRIPTORS);
    let possible = usize::try_from((for_databases / DESCRIPTORS_PER_DATABASE).max(16)).unwrap_or(usize::MAX);
    let default = usize::try_from(OPEN_DATABASES).unwrap_or(usize::MAX);
    let open = settings.max_open_databases.unwrap_or(default).min(possible * 3 / 4);
    (open.max(8), possible)
}

fn at_path(error: &DbError, path: &Path) -> Problem {
    Problem::new(atomicbase_core::Code::Unavailable, format!("{}: {}", path.display(), error.message))
}
