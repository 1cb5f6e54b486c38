//! Whole plans: their summaries and their SQL, and that SQLite takes them.

use schema::{Plan, Template, create_statements, diff, plan};

use crate::database::Database;
use crate::fixtures::{template, valid_names};

fn sql(plan: &Plan) -> String {
    plan.steps.iter().map(|step| format!("{};\n", step.sql)).collect()
}

fn summaries(old: Option<&Template>, new: &Template) -> Vec<String> {
    diff(old, new).changes.into_iter().map(|change| change.summary).collect()
}

#[test]
fn the_sample_of_the_first_page_gets_its_two_changes() {
    let (old, new) = (template("saas-app-before"), template("saas-app"));
    assert_eq!(
        summaries(Some(&old), &new),
        ["+ tasks.assigned_to (TEXT)", "+ idx_project on tasks(project_id)"]
    );
    let forth = plan(Some(&old), &new).unwrap();
    assert!(!forth.destructive);
    insta::assert_snapshot!(sql(&forth), @r#"
    ALTER TABLE "tasks" ADD COLUMN "assigned_to" TEXT;
    CREATE INDEX "idx_project" ON "tasks" ("project_id");
    "#);
    let back = plan(Some(&new), &old).unwrap();
    assert!(back.destructive);
    insta::assert_snapshot!(sql(&back), @r#"
    DROP INDEX "idx_project";
    ALTER TABLE "tasks" DROP COLUMN "assigned_to";
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&forth.changes).unwrap(), @r#"
    [
      {
        "op": "add",
        "kind": "add_column",
        "table": "tasks",
        "name": "assigned_to",
        "summary": "+ tasks.assigned_to (TEXT)",
        "destructive": false
      },
      {
        "op": "add",
        "kind": "add_index",
        "table": "tasks",
        "name": "idx_project",
        "summary": "+ idx_project on tasks(project_id)",
        "destructive": false
      }
    ]
    "#);
}

#[test]
fn a_first_version_creates_everything() {
    let new = template("everything");
    assert_eq!(
        summaries(None, &new),
        ["+ table people (9 columns)", "+ table orders (8 columns)", "+ table order_tags (2 columns)"]
    );
    let first = plan(None, &new).unwrap();
    assert!(first.steps.iter().map(|step| &step.sql).eq(&create_statements(&new)));
    insta::assert_snapshot!(sql(&first), @r#"
    CREATE TABLE "people" (
      "id" TEXT PRIMARY KEY NOT NULL,
      "email" TEXT NOT NULL COLLATE "NOCASE",
      "first" TEXT,
      "last" TEXT,
      "display" TEXT GENERATED ALWAYS AS (trim(coalesce(first, '') || ' ' || coalesce(last, ''))) VIRTUAL,
      "active" INTEGER NOT NULL DEFAULT 1 CHECK ("active" IN (0, 1)),
      "settings" TEXT NOT NULL DEFAULT '{"theme":"dark","tags":[]}' CHECK (json_valid("settings")),
      "avatar" BLOB DEFAULT (x'00ff'),
      "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
    ) STRICT;
    CREATE TABLE "orders" (
      "id" INTEGER PRIMARY KEY AUTOINCREMENT,
      "person_id" TEXT NOT NULL REFERENCES "people" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
      "email" TEXT REFERENCES "people" ("email") ON DELETE SET NULL,
      "state" TEXT NOT NULL DEFAULT 'open' CHECK ("state" IN ('open', 'paid', 'it''s void')),
      "quantity" INTEGER NOT NULL DEFAULT 1 CHECK (quantity > 0),
      "price" REAL NOT NULL DEFAULT 0.0,
      "total" REAL GENERATED ALWAYS AS (quantity * price) STORED,
      "parent_id" INTEGER REFERENCES "orders" ("id") ON DELETE RESTRICT,
      CHECK (price >= 0 and total < 1e9)
    ) STRICT;
    CREATE TABLE "order_tags" (
      "order_id" INTEGER NOT NULL REFERENCES "orders" ("id") ON DELETE CASCADE,
      "tag" TEXT NOT NULL,
      PRIMARY KEY ("order_id", "tag")
    ) STRICT;
    CREATE UNIQUE INDEX "people(email)" ON "people" ("email");
    CREATE UNIQUE INDEX "people(first,last)" ON "people" ("first", "last");
    CREATE INDEX "orders_open" ON "orders" ("state", "person_id") WHERE (state <> 'paid');
    CREATE UNIQUE INDEX "orders_once" ON "orders" ("person_id", "quantity");
    "#);
}

#[test]
fn every_valid_template_makes_a_database() {
    for name in valid_names() {
        let template = template(&name);
        let database = Database::of(&template);
        database.assert_sound();
        let tables = database.catalog();
        assert!(
            tables.keys().eq(template
                .tables
                .iter()
                .map(|t| &t.name)
                .collect::<std::collections::BTreeSet<_>>())
        );
    }
}

#[test]
fn equal_templates_differ_in_nothing() {
    for name in valid_names() {
        let template = template(&name);
        assert_eq!(summaries(Some(&template), &template), Vec::<String>::new(), "{name}");
        assert_eq!(plan(Some(&template), &template).unwrap(), Plan::default(), "{name}");
    }
}

#[test]
fn columns_in_another_order_are_no_change() {
    let old = template("everything");
    let mut new = old.clone();
    for table in &mut new.tables {
        table.columns.reverse();
    }
    assert!(diff(Some(&old), &new).is_empty());
}

#[test]
fn plans_are_stored_as_json_and_read_back() {
    let forth = plan(Some(&template("saas-app-before")), &template("saas-app")).unwrap();
    let json = serde_json::to_string(&forth).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), forth);
}

/// Two tables with rows that refer to each other, one of which cannot let go: no order of deletions would do.
#[test]
fn a_circle_of_tables_with_rows_is_dropped() {
    let old = template("circle");
    let new = Template { tables: Vec::new(), ..old.clone() };
    let database = Database::of(&old);
    database
        .0
        .execute_batch(
            "INSERT INTO users VALUES ('u1', NULL), ('u2', NULL);
             INSERT INTO teams VALUES ('t1', 'u1'), ('t2', 'u2');
             UPDATE users SET team_id = 't' || substr(id, 2);",
        )
        .unwrap();
    let forth = plan(Some(&old), &new).unwrap();
    insta::assert_snapshot!(sql(&forth), @r#"
    PRAGMA defer_foreign_keys = ON;
    DROP TABLE "users";
    CREATE TABLE "users" ("id" UNIQUE);
    DROP TABLE "teams";
    DROP TABLE "users";
    "#);
    database.migrate(&forth).unwrap();
    assert!(database.catalog().is_empty());
    database.assert_sound();
    // Without the pragma SQLite refuses the first table: the second still refers to it.
    let database = Database::of(&old);
    database
        .0
        .execute_batch("INSERT INTO users VALUES ('u', NULL); INSERT INTO teams VALUES ('t', 'u');")
        .unwrap();
    assert!(database.0.execute("DROP TABLE users", []).is_err());
}

#[test]
fn a_table_that_refers_to_itself_is_dropped_with_its_rows() {
    let old = template("everything");
    let mut new = old.clone();
    new.tables.truncate(1);
    let database = Database::of(&old);
    database
        .0
        .execute_batch(
            "INSERT INTO people (id, email) VALUES ('p', 'a@example.com');
             INSERT INTO orders (id, person_id, quantity, parent_id) VALUES (1, 'p', 1, NULL), (2, 'p', 2, 1), (3, 'p', 3, 3);
             INSERT INTO order_tags VALUES (1, 'a');",
        )
        .unwrap();
    let forth = plan(Some(&old), &new).unwrap();
    insta::assert_snapshot!(sql(&forth), @r#"
    PRAGMA defer_foreign_keys = ON;
    DROP TABLE "order_tags";
    DROP TABLE "orders";
    "#);
    database.migrate(&forth).unwrap();
    assert_eq!(database.strings("SELECT id, email FROM people"), ["p a@example.com"]);
    assert_eq!(database.catalog(), Database::of(&new).catalog());
    database.assert_sound();
}

/// The parent's cascade must not reach the children that stay.
#[test]
fn a_dropped_parent_leaves_the_children_that_let_it_go() {
    let old = template("everything");
    let mut new = old.clone();
    new.tables.remove(2);
    new.tables.remove(0);
    let orders = &mut new.tables[0];
    orders.indexes.clear();
    orders.columns.retain(|column| !["person_id", "email"].contains(&column.name.as_str()));
    new.validate().unwrap();
    let database = Database::of(&old);
    database
        .0
        .execute_batch(
            "INSERT INTO people (id, email) VALUES ('p', 'a@example.com');
             INSERT INTO orders (id, person_id, email) VALUES (1, 'p', 'A@example.com');
             INSERT INTO order_tags VALUES (1, 'a');",
        )
        .unwrap();
    database.migrate(&plan(Some(&old), &new).unwrap()).unwrap();
    assert_eq!(database.strings("SELECT id, state, quantity FROM orders"), ["1 open 1"]);
    assert_eq!(database.catalog(), Database::of(&new).catalog());
    database.assert_sound();
}
