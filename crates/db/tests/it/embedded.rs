//! What only files in this process can do: damage, a trash folder, a lock, an authorizer.

use std::sync::Arc;

use db::{
    Batch, Database, DatabaseStore, EmbeddedStore, ErrorKind, JsonColumn, JsonShape, Kind, Statement, Value,
    Workers, build_image, lock_folder,
};

/// A store in a folder of its own with one database `db_1`: `notes(id INTEGER PRIMARY KEY, text TEXT UNIQUE)`.
struct Fixture {
    folder: tempfile::TempDir,
    store: EmbeddedStore,
    database: Arc<dyn Database>,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Workers::start(1_000).unwrap()).unwrap();
    let create = "CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT".to_owned();
    store.create("db_1", build_image(&[create], 1).unwrap()).await.unwrap();
    let database = store.open("db_1").await.unwrap();
    Fixture { folder, store, database }
}

fn insert(id: i64, text: &str) -> Batch {
    Batch::write().with(Statement::new("INSERT INTO notes VALUES (?1, ?2)", vec![id.into(), text.into()]))
}

async fn count(database: &Arc<dyn Database>) -> i64 {
    let batch = Batch::read().with(Statement::query("SELECT count(*) FROM notes", vec![]));
    database.run(batch).await.unwrap().into_values()[0][0].as_integer().unwrap()
}

#[tokio::test]
async fn rows_cannot_change_the_schema_or_reach_outside() {
    let fixture = fixture().await;
    for sql in [
        "DROP TABLE notes",
        "ATTACH 'other.db' AS other",
        "PRAGMA user_version = 9",
        "PRAGMA journal_mode = OFF",
        "CREATE TABLE more(a)",
        "DELETE FROM sqlite_master",
        "SELECT load_extension('x')",
        "CREATE TEMP TABLE t(a)",
    ] {
        let error =
            fixture.database.run(Batch::write().with(Statement::query(sql, vec![]))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Denied | ErrorKind::Sql), "{sql}: {error:?}");
    }
    let ok = Batch::write().with(Statement::new("INSERT INTO notes VALUES (?1, 'x')", vec![Value::Null]));
    assert_eq!(fixture.database.run(ok).await.unwrap().statements[0].last_insert_id, 1);
}

#[tokio::test]
async fn a_dropped_database_is_in_the_trash_with_all_its_rows() {
    let fixture = fixture().await;
    fixture.database.run(insert(1, "one")).await.unwrap();
    drop(fixture.database);
    fixture.store.drop_database("db_1").await.unwrap();
    assert_eq!(fixture.store.open("db_1").await.err().unwrap().kind, ErrorKind::Missing);
    let trash =
        EmbeddedStore::open(&fixture.folder.path().join("trash"), Workers::start(10).unwrap()).unwrap();
    assert_eq!(count(&trash.open("db_1").await.unwrap()).await, 1);
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_damaged() {
    let fixture = fixture().await;
    std::fs::write(fixture.folder.path().join("db_2.db"), vec![7_u8; 8192]).unwrap();
    assert_eq!(fixture.store.open("db_2").await.err().unwrap().kind, ErrorKind::Corrupt);
}

#[test]
fn a_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let held = lock_folder(folder.path()).unwrap();
    let refused = lock_folder(folder.path()).unwrap_err();
    assert!(refused.message.contains("another process already serves"), "{refused}");
    drop(held);
    lock_folder(folder.path()).unwrap();
}

#[tokio::test]
async fn hidden_keys_count_as_answer() {
    let fixture = fixture().await;
    fixture.database.run(insert(1, &"x".repeat(10_000))).await.unwrap();
    let shape = Arc::new(JsonShape {
        columns: vec![JsonColumn::new("id", Kind::Plain)],
        keys: 1,
        ..JsonShape::default()
    });
    let mut batch = Batch::read().with(Statement::json("SELECT id, text FROM notes", vec![], shape));
    batch.max_bytes = 5_000;
    assert_eq!(fixture.database.run(batch).await.unwrap_err().kind, ErrorKind::TooBig);
}

#[tokio::test]
async fn a_function_without_a_result_is_told_from_wrong_sql() {
    let fixture = fixture().await;
    for (sql, words) in [
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
        ("SELECT json_extract('{', '$')", "malformed JSON"),
        ("SELECT json_extract('{}', 'a')", "bad JSON path: 'a'"),
    ] {
        let error =
            fixture.database.run(Batch::read().with(Statement::query(sql, vec![]))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Expression(words.to_owned()), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_small_while_one_reader_overlaps_the_next() {
    let fixture = fixture().await;
    let reads = |database: Arc<dyn Database>| async move {
        // Each of these reads holds the log for some milliseconds, and there is always one.
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) \
                   SELECT count(*) FROM n, (SELECT id FROM notes LIMIT 1)";
        loop {
            let mut batch = Batch::read().with(Statement::query(sql, vec![]));
            batch.slow = true;
            database.run(batch).await.unwrap();
        }
    };
    let readers: Vec<_> = (0..3).map(|_| tokio::spawn(reads(fixture.database.clone()))).collect();
    for id in 0..80 {
        fixture.database.run(insert(id, &format!("{id}{}", "x".repeat(1_000_000)))).await.unwrap();
    }
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    let log = std::fs::metadata(fixture.folder.path().join("db_1.db-wal")).unwrap().len();
    assert!(log < 40_000_000, "80 MB were written, and the log holds {log} bytes");
}
