//! From a record to a handle at the right version: a cache hit, or open, read the version, and move if it is behind.

use std::sync::Arc;
use std::time::Duration;

use atomicbase_core::{Code, Problem};
use db::{Batch, ErrorKind, Statement};
use directory::{DatabaseRecord, TemplateVersion};

use crate::{MoveError, Tenant, Tenants};

/// How long a request waits for its database to be moved before it is asked to come back.
const PATIENCE: Duration = Duration::from_secs(5);

impl Tenants {
    /// The open database, at the version that is released for it, or at its own where its data refused to move.
    pub async fn open(self: &Arc<Self>, record: &Arc<DatabaseRecord>) -> Result<Arc<Tenant>, Problem> {
        let tenant = self.handle(record).await?;
        if record.set_aside.is_some() {
            return Ok(tenant);
        }
        let released = self.released(record).await?;
        if tenant.version().version < released {
            self.move_in_time(record, released).await?;
        }
        Ok(tenant)
    }

    /// The open database at whatever version it is.
    pub(crate) async fn handle(&self, record: &DatabaseRecord) -> Result<Arc<Tenant>, Problem> {
        let opened = self.cache.get_or_open(&record.id, async || self.open_file(record).await).await?;
        opened.ok_or_else(|| not_found(record))
    }

    async fn open_file(&self, record: &DatabaseRecord) -> Result<Tenant, Problem> {
        let database = self.store.open(record.id.as_str()).await.map_err(|error| match error.kind {
            ErrorKind::Missing => not_found(record).because(error),
            _ => error.into(),
        })?;
        let asked = Batch::read().with(Statement::query("PRAGMA user_version", vec![]));
        let rows = database.run(asked).await?.into_values();
        let number = rows.first().and_then(|row| row.first()).and_then(db::Value::as_integer);
        let number = number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let version = self.directory.find_version(record.template.as_str(), number).await?;
        Ok(Tenant::new(database, version))
    }

    async fn released(&self, record: &DatabaseRecord) -> Result<u32, Problem> {
        let template = self.directory.find_template(record.template.as_str()).await?;
        let template = template.ok_or_else(|| Problem::internal("a database's template is missing"))?;
        Ok(template.released)
    }

    /// Moves the database, and waits a while for it. The move goes on when the request does not: half-way it would leave
    /// the handle behind what the file says.
    async fn move_in_time(
        self: &Arc<Self>,
        record: &Arc<DatabaseRecord>,
        version: u32,
    ) -> Result<(), Problem> {
        let (tenants, moved) = (Arc::clone(self), Arc::clone(record));
        let moving = tokio::spawn(async move { tenants.bring_to(&moved, version, None).await });
        match tokio::time::timeout(PATIENCE, moving).await {
            Ok(Ok(Ok(()) | Err(MoveError::Refused(_)))) => Ok(()),
            Ok(Ok(Err(MoveError::Failed(problem)))) => Err(problem),
            Ok(Err(panicked)) => Err(Problem::internal(panicked)),
            Err(_) => Err(Problem::new(
                Code::MigrationInProgress,
                format!("The database is moving to version {version} of its template."),
            )
            .hint("Send the request again after the seconds that `Retry-After` says.")
            .retry_after(1)),
        }
    }

    /// The versions that lead a database from `from` to `to`, oldest first.
    pub(crate) async fn way(
        &self,
        record: &DatabaseRecord,
        from: u32,
        to: u32,
    ) -> Result<Vec<Arc<TemplateVersion>>, Problem> {
        let mut way = Vec::new();
        let mut at = to;
        while at > from {
            let version = self.directory.find_version(record.template.as_str(), at).await?;
            at = version.base;
            way.push(version);
        }
        if at != from {
            return Err(Problem::internal(format!("no steps lead from version {from} to {to}")));
        }
        way.reverse();
        Ok(way)
    }
}

pub(crate) fn not_found(record: &DatabaseRecord) -> Problem {
    Problem::new(Code::DatabaseNotFound, format!("There is no database `{}`.", record.name))
}
