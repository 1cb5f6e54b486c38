//! The embedded engine against real files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, what it shares as well")]

mod group_commit;
mod reads;
mod store;

use std::sync::Arc;

use db::{Batch, Database, DatabaseStore, EmbeddedStore, Statement, Value, Workers, build_image};

/// A store in a folder of its own with one database `db_1`: `notes(id INTEGER PRIMARY KEY, text TEXT UNIQUE)`.
struct Fixture {
    folder: tempfile::TempDir,
    store: EmbeddedStore,
    database: Arc<dyn Database>,
}

const CREATE: &str = "CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT";

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Workers::start(1_000).unwrap()).unwrap();
    store.create("db_1", build_image(&[CREATE.to_owned()], 1).unwrap()).await.unwrap();
    let database = store.open("db_1").await.unwrap();
    Fixture { folder, store, database }
}

fn insert(id: i64, text: &str) -> Batch {
    Batch::write().with(Statement::new("INSERT INTO notes VALUES (?1, ?2)", vec![id.into(), text.into()]))
}

async fn texts(database: &Arc<dyn Database>) -> Vec<String> {
    let batch = Batch::read().with(Statement::query("SELECT text FROM notes ORDER BY id", vec![]));
    let rows = database.run(batch).await.unwrap().into_values();
    rows.into_iter().map(|row| row[0].as_text().unwrap().to_owned()).collect()
}

async fn count(database: &Arc<dyn Database>) -> i64 {
    let batch = Batch::read().with(Statement::query("SELECT count(*) FROM notes", vec![]));
    database.run(batch).await.unwrap().into_values()[0][0].as_integer().unwrap()
}

/// Never ends by itself; each step is short, so that it can be interrupted.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn null() -> Value {
    Value::Null
}
