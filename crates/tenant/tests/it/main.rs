//! Tenants on real files, with a real directory, moved without a job.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, what it shares as well")]

mod cache;
mod migrate;
mod search;

use std::sync::Arc;

use atomicbase_core::{Clock, DatabaseId, JobId, Name};
use db::{Batch, DatabaseStore, EmbeddedStore, Statement, Workers};
use directory::{DatabaseRecord, Directory, InsertedDatabase, NewVersion};
use schema::Template;
use serde_json::{Value, json};
use tenant::{Tenant, Tenants};

struct Fixture {
    directory: Arc<Directory>,
    tenants: Arc<Tenants>,
    store: Arc<EmbeddedStore>,
    _folder: tempfile::TempDir,
}

/// `notes(id, text)`, and what a version adds to the table.
fn notes(change: impl FnOnce(&mut Value)) -> Arc<Template> {
    let mut table = json!({
        "name": "notes",
        "primary_key": ["id"],
        "columns": [{"name": "id", "type": "integer"}, {"name": "text", "type": "text"}],
    });
    change(&mut table);
    let template = json!({"format": 1, "name": "notes", "tables": [table]});
    Arc::new(Template::parse(&template).unwrap())
}

fn with_column(name: &str) -> Arc<Template> {
    notes(|table| table["columns"].as_array_mut().unwrap().push(json!({"name": name, "type": "text"})))
}

impl Fixture {
    async fn start(capacity: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workers = Workers::start(500).unwrap();
        let path = folder.path().join("tenants.db");
        let infrastructure = db::open_infrastructure(&workers, &path, directory::MIGRATIONS).unwrap();
        let clock = Clock::fixed(1_700_000_000);
        let directory = Arc::new(Directory::open(infrastructure, clock.clone()).await.unwrap());
        let store = Arc::new(EmbeddedStore::open(&folder.path().join("tenants"), workers).unwrap());
        let backend: Arc<dyn DatabaseStore> = store.clone();
        let tenants = Tenants::new(backend, Arc::clone(&directory), clock, capacity);
        Self { directory, tenants, store, _folder: folder }
    }

    /// Stores and releases the next version, and leaves every database where it is.
    async fn release(&self, template: &Arc<Template>) -> JobId {
        let name = Name::parse("notes").unwrap();
        let head = self.directory.find_template("notes").await.unwrap();
        let base = head.as_ref().map_or(0, |head| head.latest);
        let old = match base {
            0 => None,
            base => Some(self.directory.find_version("notes", base).await.unwrap()),
        };
        let plan = schema::plan(old.as_ref().map(|old| &*old.template), template).unwrap();
        let (hash, job) = (template.hash(), JobId::new());
        let new = NewVersion { name, base, template: Arc::clone(template), plan, hash, job: job.clone() };
        let stored = match base {
            0 => self.directory.create_template(&new).await,
            _ => self.directory.push_version(&new).await,
        };
        let record = stored.unwrap().unwrap();
        if !record.status.is_final() {
            self.directory.begin_job(&job, &record.template, record.version).await.unwrap();
            self.directory.release_version(&record).await.unwrap();
        }
        job
    }

    async fn create(&self, name: &str) -> Arc<DatabaseRecord> {
        let version = self.directory.find_template("notes").await.unwrap().unwrap().released;
        let version = self.directory.find_version("notes", version).await.unwrap();
        let id = DatabaseId::new();
        self.tenants.create(&id, &version).await.unwrap();
        let record = DatabaseRecord {
            id: id.clone(),
            name: Name::parse(name).unwrap(),
            template: version.name.clone(),
            version: version.version,
            set_aside: None,
            created_at: 1_700_000_000,
        };
        assert_eq!(self.directory.insert_database(&record).await.unwrap(), InsertedDatabase::Inserted);
        self.record(&id).await
    }

    async fn record(&self, id: &DatabaseId) -> Arc<DatabaseRecord> {
        self.directory.find_database(id.as_str()).await.unwrap().unwrap()
    }
}

async fn count(tenant: &Tenant, sql: &'static str) -> i64 {
    let outcome = tenant.run(Batch::read().with(Statement::query(sql, vec![]))).await.unwrap();
    outcome.into_values()[0][0].as_integer().unwrap()
}

async fn insert(tenant: &Tenant, text: &str) {
    let statement = Statement::new("INSERT INTO notes(text) VALUES (?1)", vec![text.into()]);
    tenant.run(Batch::write().with(statement)).await.unwrap();
}
