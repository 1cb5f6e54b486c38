//! Full-text search in tenants' files: what the authorizer and a defensive connection let it do, and what they keep from requests.

use std::sync::Arc;

use db::{Batch, ErrorKind, Statement, Value};
use directory::DatabaseRecord;
use futures_util::future::join_all;
use schema::Template;
use serde_json::json;
use tenant::Tenant;

use crate::{Fixture, count, insert, notes};

const FOUND: &str =
    "SELECT rowid FROM \"_atomicbase_fts(notes)\" WHERE \"_atomicbase_fts(notes)\" MATCH ?1 ORDER BY rowid";

async fn found(tenant: &Tenant, words: &str) -> Vec<i64> {
    let read = Batch::read().with(Statement::query(FOUND, vec![words.into()]));
    let rows = tenant.run(read).await.unwrap().into_values();
    rows.iter().map(|row| row[0].as_integer().unwrap()).collect()
}

fn with_search(columns: &[&str]) -> Arc<Template> {
    notes(|table| {
        table["columns"].as_array_mut().unwrap().push(json!({"name": "more", "type": "text"}));
        table["fts"] = json!({"columns": columns});
    })
}

/// Releases the next version, moves the one database there is, and ends the job.
async fn push(fixture: &Fixture, record: &Arc<DatabaseRecord>, template: &Arc<Template>) -> Arc<Tenant> {
    let job = fixture.release(template).await;
    let tenant = fixture.tenants.open(record).await.unwrap();
    fixture.directory.flush().await.unwrap();
    let job = fixture.directory.find_job(&job).await.unwrap().unwrap();
    assert!(fixture.directory.finish_job(&job).await.unwrap().is_some());
    assert_eq!(tenant.version().version, job.version);
    tenant
}

#[tokio::test]
async fn search_comes_to_a_database_with_rows_and_goes_again() {
    let fixture = Fixture::start(10).await;
    fixture.release(&notes(|_| {})).await;
    let record = fixture.create("one").await;
    insert(&fixture.tenants.open(&record).await.unwrap(), "milk and bread").await;
    let tenant = push(&fixture, &record, &with_search(&["text"])).await;
    assert_eq!(found(&tenant, "bread").await, [1]);
    let tenant = push(&fixture, &record, &with_search(&["more", "text"])).await;
    assert_eq!(found(&tenant, "text:bread").await, [1]);
    insert(&tenant, "bread and butter").await;
    assert_eq!(found(&tenant, "bread").await, [1, 2]);
    let tenant = push(&fixture, &record, &notes(|_| {})).await;
    let left = "SELECT count(*) FROM sqlite_schema WHERE name GLOB '_atomicbase_fts*'";
    assert_eq!(count(&tenant, left).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_share_a_commit_keep_the_index_in_step() {
    let fixture = Fixture::start(10).await;
    fixture.release(&with_search(&["text", "more"])).await;
    let tenant = fixture.tenants.open(&fixture.create("one").await).await.unwrap();
    let writes = (1..=200_i64).map(|id| {
        let tenant = tenant.clone();
        tokio::spawn(async move {
            let twice = format!(
                "INSERT INTO notes(id, text) VALUES ({id}, 'word{id}'), ({}, 'even')",
                1_000 + id / 2
            );
            (id, tenant.run(Batch::write().with(Statement::new(twice, vec![]))).await)
        })
    });
    let mut kept = 0;
    for write in join_all(writes).await {
        let (id, outcome) = write.unwrap();
        assert_eq!(found(&tenant, &format!("word{id}")).await.len(), usize::from(outcome.is_ok()));
        if let Ok(outcome) = outcome {
            kept += 1;
            let statement = &outcome.statements[0];
            assert_eq!((statement.rows_affected, statement.last_insert_id), (2, 1_000 + id / 2));
        }
    }
    assert_eq!(found(&tenant, "even").await.len(), kept);
    let check = "INSERT INTO \"_atomicbase_fts(notes)\"(\"_atomicbase_fts(notes)\", rank) VALUES ('integrity-check', 1)";
    let mut batch = Batch::new(db::Mode::Schema).with(Statement::new(check, vec![]));
    batch.alone = true;
    tenant.run(batch).await.unwrap();
}

#[tokio::test]
async fn a_batch_hears_of_the_rows_of_its_own_statements() {
    let fixture = Fixture::start(10).await;
    fixture.release(&with_search(&["text"])).await;
    let tenant = fixture.tenants.open(&fixture.create("one").await).await.unwrap();
    let statements = [
        ("INSERT INTO notes(id, text) VALUES (7, 'a'), (9, 'b'), (8, 'c')", 3, 8),
        ("INSERT INTO notes(id, text) VALUES (9, 'd') ON CONFLICT DO UPDATE SET text = excluded.text", 1, 8),
        ("UPDATE notes SET text = text || 'x'", 3, 8),
        ("DELETE FROM notes WHERE id > 7", 2, 8),
        ("INSERT INTO notes(text) VALUES (?1)", 1, 8),
    ];
    let mut batch = Batch::write();
    for (sql, ..) in statements {
        let params = if sql.contains("?1") { vec![Value::Null] } else { vec![] };
        batch = batch.with(Statement::new(sql, params));
    }
    let outcome = tenant.run(batch).await.unwrap();
    for (done, (sql, affected, last)) in outcome.statements.iter().zip(statements) {
        assert_eq!((done.rows_affected, done.last_insert_id), (affected, last), "{sql}");
    }
}

#[tokio::test]
async fn a_request_reaches_the_index_through_its_table_alone() {
    let fixture = Fixture::start(10).await;
    fixture.release(&with_search(&["text"])).await;
    let tenant = fixture.tenants.open(&fixture.create("one").await).await.unwrap();
    insert(&tenant, "kept").await;
    for sql in [
        "INSERT INTO \"_atomicbase_fts(notes)\"(rowid, text) VALUES (2, 'x')",
        "INSERT INTO \"_atomicbase_fts(notes)\"(\"_atomicbase_fts(notes)\") VALUES ('delete-all')",
        "UPDATE \"_atomicbase_fts(notes)\" SET text = 'x'",
        "DELETE FROM \"_atomicbase_fts(notes)\"",
        "DELETE FROM \"_ATOMICBASE_FTS(notes)\"",
        "DELETE FROM \"_atomicbase_fts(notes)_data\"",
        "INSERT INTO \"_atomicbase_fts(notes)_docsize\" VALUES (9, x'00')",
        "UPDATE \"_atomicbase_fts(notes)_config\" SET v = 1",
        "DELETE FROM \"_atomicbase_fts(notes)_idx\"",
        "DELETE FROM _atomicbase_moves",
        "DROP TABLE \"_atomicbase_fts(notes)\"",
        "DROP TRIGGER \"_atomicbase_fts(notes)_insert\"",
        "CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM notes; END",
        "CREATE VIRTUAL TABLE other USING fts5(a)",
        "CREATE VIRTUAL TABLE other USING fts5vocab('_atomicbase_fts(notes)', 'row')",
    ] {
        let error = tenant.run(Batch::write().with(Statement::new(sql, vec![]))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Denied | ErrorKind::Sql), "{sql}: {error:?}");
    }
    assert_eq!(found(&tenant, "kept").await, [1]);
    // No step of a schema makes anything but an index of words.
    for module in ["rtree(a, b, c)", "fts4(a)"] {
        let create = format!("CREATE VIRTUAL TABLE other USING {module}");
        let error =
            tenant.run(Batch::new(db::Mode::Schema).with(Statement::new(create, vec![]))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied, "{module}");
    }
}
