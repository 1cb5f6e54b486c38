//! The data every contestant serves: the tables of examples/saas-app with the same rows, as template, as SQL and as JSON.

use serde_json::{Value, json};

/// Rows of the tenant that is read from.
pub const TASKS: u64 = 10_000;
/// Projects that the tasks belong to in turn.
pub const PROJECTS: u64 = 100;

/// The template, with one more column and its index for each of `pushes`.
pub fn template(pushes: u32) -> Value {
    let text = |name: &str| json!({"name": name, "type": "text", "not_null": true});
    let id = json!({"name": "id", "type": "text"});
    let mut columns = vec![
        id.clone(),
        json!({"name": "project_id", "type": "text", "not_null": true, "references": {"table": "projects", "column": "id"}}),
        text("title"),
        json!({"name": "status", "type": "text", "not_null": true, "default": {"value": "todo"}}),
        json!({"name": "assigned_to", "type": "text"}),
    ];
    let mut indexes = vec![json!({"name": "idx_project", "columns": ["project_id"]})];
    for push in 1..=pushes {
        columns.push(json!({"name": format!("extra_{push}"), "type": "text"}));
        indexes.push(json!({"name": format!("idx_extra_{push}"), "columns": [format!("extra_{push}")]}));
    }
    let created_at = json!({"name": "created_at", "type": "integer", "not_null": true});
    json!({"format": 1, "name": "saas-app", "tables": [
        {"name": "projects", "columns": [id, text("name"), text("created_by"), created_at], "primary_key": ["id"]},
        {"name": "tasks", "columns": columns, "primary_key": ["id"], "indexes": indexes},
    ]})
}

/// The same tables as SQL, for the loops that use SQLite bare.
pub const DDL: &str = r#"
CREATE TABLE "projects" ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "created_by" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL) STRICT;
CREATE TABLE "tasks" ("id" TEXT NOT NULL PRIMARY KEY, "project_id" TEXT NOT NULL REFERENCES "projects" ("id"),
  "title" TEXT NOT NULL, "status" TEXT NOT NULL DEFAULT 'todo', "assigned_to" TEXT) STRICT;
CREATE INDEX "idx_project" ON "tasks" ("project_id");
"#;

/// Columns of `tasks`, in order.
pub const COLUMNS: [&str; 5] = ["id", "project_id", "title", "status", "assigned_to"];

/// The key of a task. Fifteen characters of `[a-z0-9]`, which is what PocketBase wants of a key.
pub fn task_id(number: u64) -> String {
    format!("task{number:011}")
}

/// A task's values in the order of [`COLUMNS`].
pub fn task(number: u64) -> [String; 5] {
    [
        task_id(number),
        format!("project-{:03}", number % PROJECTS),
        format!("Write report {number}"),
        if number.is_multiple_of(3) { "done" } else { "todo" }.to_owned(),
        format!("usr_{:04}", number % 50),
    ]
}

/// A task as a JSON object.
pub fn task_json(number: u64) -> Value {
    COLUMNS
        .iter()
        .zip(task(number))
        .map(|(column, value)| ((*column).to_owned(), Value::String(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The projects that tasks refer to, as JSON objects.
pub fn projects_json() -> Vec<Value> {
    let project = |n| json!({"id": format!("project-{n:03}"), "name": format!("Project {n}"), "created_by": "usr_0001", "created_at": 1_764_000_000});
    (0..PROJECTS).map(project).collect()
}
