//! Tenant databases: found at every request, created, deleted, moved and set aside.

use std::sync::Arc;

use atomicbase_core::{Code, DatabaseId, JobId, Name, Problem};
use db::{Batch, ErrorKind, Outcome};

use crate::records::DatabaseRecord;
use crate::store::{self, Row};
use crate::{Directory, Shared};

/// What became of a new database's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertedDatabase {
    /// It is there.
    Inserted,
    /// The name was given to another database, perhaps one that is deleted.
    NameTaken,
    /// The template's released version is another than the database was made at, or there is no such template.
    VersionMoved,
}

impl Directory {
    /// The database of this id or name, unless it is deleted.
    pub async fn find_database(&self, id_or_name: &str) -> Result<Option<Arc<DatabaseRecord>>, Problem> {
        match self.shared.known_database(id_or_name) {
            Some(record) => Ok(Some(record)),
            None => self.shared.load_database(id_or_name).await,
        }
    }

    /// Whether a name was ever given to a database.
    pub async fn database_name_is_taken(&self, name: &Name) -> Result<bool, Problem> {
        Ok(!self.shared.read(store::databases::name_is_taken(name)).await?.is_empty())
    }

    /// Adds the row of a database whose file is there already, at `record.version`.
    pub async fn insert_database(&self, record: &DatabaseRecord) -> Result<InsertedDatabase, Problem> {
        let batch = Batch::write().with(store::databases::insert(record));
        match self.shared.write(batch, |_, _| ()).await {
            Ok(outcome) if Row::of(&outcome, 0).is_empty() => Ok(InsertedDatabase::VersionMoved),
            Ok(_) => Ok(InsertedDatabase::Inserted),
            Err(error) if matches!(error.kind, ErrorKind::Unique(_)) => Ok(InsertedDatabase::NameTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// A page of databases, oldest first.
    pub async fn list_databases(
        &self,
        template: Option<&Name>,
        after: Option<&DatabaseId>,
        limit: u32,
    ) -> Result<Vec<DatabaseRecord>, Problem> {
        self.shared.databases(store::databases::list(template, after, limit)).await
    }

    /// A page of the databases that are yet to be moved to `version`, oldest first.
    pub async fn list_databases_behind(
        &self,
        template: &Name,
        version: u32,
        after: Option<&DatabaseId>,
        limit: u32,
    ) -> Result<Vec<DatabaseRecord>, Problem> {
        self.shared.databases(store::databases::list_behind(template, version, after, limit)).await
    }

    /// How many databases of a template a push would move: those not set aside.
    pub async fn count_ready_databases(&self, template: &Name) -> Result<u64, Problem> {
        self.shared.count(store::databases::count_ready(template)).await
    }

    /// How many databases a template has.
    pub async fn count_databases(&self, template: &Name) -> Result<u64, Problem> {
        self.shared.count(store::databases::count(template)).await
    }

    /// Deletes a database's row for everybody; false if it was deleted before. Its file is still there.
    pub async fn delete_database(&self, id: &DatabaseId) -> Result<bool, Problem> {
        let batch = Batch::write()
            .with(store::databases::mark_deleted(id, self.shared.clock.now()))
            .with(store::databases::clear_set_aside_of_deleted(id));
        let deleted = id.clone();
        let outcome = self.shared.write(batch, move |shared, _| shared.databases.forget(&deleted)).await?;
        Ok(!Row::of(&outcome, 0).is_empty())
    }

    /// Notes that a deleted database's file is gone.
    pub async fn record_dropped(&self, id: &DatabaseId) -> Result<(), Problem> {
        let batch = Batch::write().with(store::databases::mark_dropped(id, self.shared.clock.now()));
        self.shared.write(batch, |_, _| ()).await?;
        Ok(())
    }

    /// Deleted databases whose file a stopped process left.
    pub async fn list_databases_to_drop(&self) -> Result<Vec<DatabaseId>, Problem> {
        let rows = self.shared.read(store::databases::list_to_drop()).await?;
        rows.into_iter().map(|mut row| row.database_id()).collect()
    }

    /// Mirrors that a tenant's own file is at `version` now. Written in the background, many at once.
    pub fn record_moved(&self, id: &DatabaseId, version: u32) {
        self.mirror.record(id.clone(), version);
    }

    /// Waits until every move recorded before is written.
    pub async fn flush(&self) -> Result<(), Problem> {
        self.mirror.flush().await
    }

    /// Notes that a database's data refuses the way to `to_version`. Without a job it is the one that brought the version.
    pub async fn record_set_aside(
        &self,
        id: &DatabaseId,
        to_version: u32,
        job: Option<&JobId>,
        code: Code,
        detail: &str,
    ) -> Result<(), Problem> {
        let now = self.shared.clock.now();
        let statement = store::databases::set_aside(id, to_version, job, (code, detail), now);
        let aside = id.clone();
        let forget = move |shared: &Shared, _: &Outcome| shared.databases.forget(&aside);
        self.shared.write(Batch::write().with(statement), forget).await?;
        Ok(())
    }
}

impl Shared {
    fn known_database(&self, id_or_name: &str) -> Option<Arc<DatabaseRecord>> {
        if id_or_name.starts_with(DatabaseId::PREFIX) {
            return self.databases.get(id_or_name);
        }
        let id = self.names.get(id_or_name)?;
        self.databases.get(&*id)
    }

    async fn load_database(&self, id_or_name: &str) -> Result<Option<Arc<DatabaseRecord>>, Problem> {
        let id = match (DatabaseId::parse(id_or_name), Name::parse(id_or_name)) {
            (Some(id), _) => Some(id),
            (None, Ok(name)) => self.load_id(name).await?,
            (None, Err(_)) => None,
        };
        let Some(id) = id else { return Ok(None) };
        self.databases
            .load(id.clone(), async {
                let row = self.read(store::databases::find(&id)).await?.pop();
                row.map(|mut row| store::databases::read(&mut row)).transpose()
            })
            .await
    }

    async fn load_id(&self, name: Name) -> Result<Option<DatabaseId>, Problem> {
        let found = self.names.load(name.clone(), async {
            let row = self.read(store::databases::find_id(&name)).await?.pop();
            row.map(|mut row| row.database_id()).transpose()
        });
        Ok(found.await?.map(|id| DatabaseId::clone(&id)))
    }

    async fn databases(&self, statement: db::Statement) -> Result<Vec<DatabaseRecord>, Problem> {
        let rows = self.read(statement).await?;
        rows.into_iter().map(|mut row| store::databases::read(&mut row)).collect()
    }

    async fn count(&self, statement: db::Statement) -> Result<u64, Problem> {
        match self.read(statement).await?.pop() {
            Some(mut row) => row.count(),
            None => Ok(0),
        }
    }
}
