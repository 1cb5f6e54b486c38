//! The platform's verbs through the whole router, on real files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, what it shares as well")]

mod create_database;
mod create_key;
mod create_template;
mod delete_database;
mod delete_key;
mod diff_template;
mod get_database;
mod get_job;
mod get_settings;
mod get_template;
mod list_databases;
mod list_jobs;
mod list_keys;
mod list_template_databases;
mod list_templates;
mod list_versions;
mod push_template;
mod put_settings;
mod reach;
mod resume;
mod retry_job;
mod watch_job;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use db::{Batch, Statement};
use directory::{DatabaseRecord, JobRecord, NewVersion};
use schema::Template;
use serde_json::{Value, json};
use testkit::TestServer;

/// `notes(id, …)` with these text columns, as JSON.
fn notes(columns: &[&str]) -> Value {
    let mut list = vec![json!({"name": "id", "type": "integer"})];
    list.extend(columns.iter().map(|name| json!({"name": name, "type": "text"})));
    json!({"format": 1, "name": "notes", "tables": [{"name": "notes", "primary_key": ["id"], "columns": list}]})
}

/// The same, where no two rows may share their `title`: rows can refuse that.
fn unique_notes(columns: &[&str]) -> Value {
    let mut template = notes(columns);
    template["tables"][0]["unique"] = json!([["title"]]);
    template
}

/// A server with the template `notes` at version 1 and these databases.
async fn start(names: &[&str]) -> TestServer {
    let server = TestServer::start().await;
    let created = server.post("/platform/templates", json!({"template": notes(&["title"])})).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    for name in names {
        server.create_database(name, "notes").await;
    }
    server
}

async fn record(server: &TestServer, name: &str) -> Arc<DatabaseRecord> {
    server.directory.find_database(name).await.unwrap().unwrap()
}

/// Adds a note to a database at whatever version it is.
async fn add_note(server: &TestServer, database: &str, title: &str) {
    let tenant = server.tenants.open(&record(server, database).await).await.unwrap();
    let insert = Statement::new("INSERT INTO notes(title) VALUES (?1)", vec![title.into()]);
    tenant.run(Batch::write().with(insert)).await.unwrap();
}

/// Mends what `unique_notes` refuses.
async fn remove_doubles(server: &TestServer, database: &str) {
    let tenant = server.tenants.open(&record(server, database).await).await.unwrap();
    let delete = "DELETE FROM notes WHERE id NOT IN (SELECT min(id) FROM notes GROUP BY title)";
    tenant.run(Batch::write().with(Statement::new(delete, vec![]))).await.unwrap();
}

/// A database whose rows refuse `unique_notes`.
async fn with_doubles(server: &TestServer, database: &str) {
    add_note(server, database, "twice").await;
    add_note(server, database, "twice").await;
}

/// Which of the columns of these tests a database's file has.
async fn columns(server: &TestServer, database: &str) -> BTreeSet<&'static str> {
    let tenant = server.tenants.open(&record(server, database).await).await.unwrap();
    let mut found = BTreeSet::new();
    for name in ["id", "title", "body", "more", "a", "b", "c", "d", "e"] {
        let read = Statement::query(format!("SELECT \"{name}\" FROM notes"), vec![]);
        if tenant.run(Batch::read().with(read)).await.is_ok() {
            found.insert(name);
        }
    }
    found
}

/// How often a database's file says that it was moved.
async fn moves(server: &TestServer, database: &str) -> usize {
    let tenant = server.tenants.open(&record(server, database).await).await.unwrap();
    let read = Statement::query("SELECT version FROM _atomicbase_moves", vec![]);
    tenant.run(Batch::read().with(read)).await.unwrap().into_values().len()
}

/// Stores a version and its job as a push does, without starting the job: as if the process had been killed then.
async fn store_version(server: &TestServer, template: Value) -> JobRecord {
    let new = Template::parse(&template).unwrap();
    let head = server.directory.find_template("notes").await.unwrap().unwrap();
    let old = server.directory.find_version("notes", head.latest).await.unwrap();
    let version = NewVersion {
        name: head.name.clone(),
        base: head.latest,
        plan: schema::plan(Some(&old.template), &new).unwrap(),
        hash: new.hash(),
        template: Arc::new(new),
        job: atomicbase_core::JobId::new(),
    };
    server.directory.push_version(&version).await.unwrap().unwrap()
}
