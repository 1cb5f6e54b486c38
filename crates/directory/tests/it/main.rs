//! The directory on a real `tenants.db`, without tenants: what they would record is recorded by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, what it shares as well")]

mod databases;
mod jobs;
mod keys;
mod settings;
mod templates;

use std::sync::Arc;

use atomicbase_core::{Clock, DatabaseId, JobId, Name};
use db::Workers;
use directory::{DatabaseRecord, Directory, InsertedDatabase, JobRecord, NewVersion};
use schema::Template;
use serde_json::json;
use tempfile::TempDir;

struct Fixture {
    directory: Arc<Directory>,
    clock: Clock,
    folder: TempDir,
}

impl Fixture {
    async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    async fn start_in(folder: TempDir) -> Self {
        let clock = Clock::fixed(1_700_000_000);
        let workers = Workers::start(100).unwrap();
        let path = folder.path().join("tenants.db");
        let database = db::open_infrastructure(&workers, &path, directory::MIGRATIONS).unwrap();
        let directory = Arc::new(Directory::open(database, clock.clone()).await.unwrap());
        Self { directory, clock, folder }
    }

    /// The same file, opened again by another process.
    async fn restart(self) -> Self {
        self.directory.flush().await.unwrap();
        Self::start_in(self.folder).await
    }

    async fn create_template(&self, columns: u32) -> JobRecord {
        self.directory.create_template(&version(0, columns)).await.unwrap().unwrap()
    }

    async fn push(&self, base: u32, columns: u32) -> JobRecord {
        self.directory.push_version(&version(base, columns)).await.unwrap().unwrap()
    }

    async fn begin(&self, job: &JobRecord) -> JobRecord {
        self.directory.begin_job(&job.id, &job.template, job.version).await.unwrap().unwrap()
    }

    async fn create_database(&self, name: &str, version: u32) -> DatabaseRecord {
        let record = record(name, version);
        let inserted = self.directory.insert_database(&record).await.unwrap();
        assert_eq!(inserted, InsertedDatabase::Inserted);
        record
    }

    async fn version_of(&self, id: &DatabaseId) -> u32 {
        self.directory.find_database(id.as_str()).await.unwrap().unwrap().version
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn record(text: &str, version: u32) -> DatabaseRecord {
    DatabaseRecord {
        id: DatabaseId::new(),
        name: name(text),
        template: name("notes"),
        version,
        set_aside: None,
        created_at: 1_700_000_000,
    }
}

/// `notes` with so many columns beside its key, as the version after `base`.
fn version(base: u32, columns: u32) -> NewVersion {
    let template = |columns: u32| {
        let mut list = vec![json!({"name": "id", "type": "integer"})];
        list.extend((0..columns).map(|number| json!({"name": format!("c{number}"), "type": "text"})));
        let table = json!({"name": "notes", "primary_key": ["id"], "columns": list});
        Template::parse(&json!({"format": 1, "name": "notes", "tables": [table]})).unwrap()
    };
    let new = template(columns);
    let old = (base > 0).then(|| template(columns - 1));
    NewVersion {
        name: name("notes"),
        base,
        plan: schema::plan(old.as_ref(), &new).unwrap(),
        hash: new.hash(),
        template: Arc::new(new),
        job: JobId::new(),
    }
}
