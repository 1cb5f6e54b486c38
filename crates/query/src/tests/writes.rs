//! Inserts, updates and deletes as SQL.

use serde_json::{Value, json};

use super::{compile, sql, values};
use crate::{Query, Verb};

fn insert(table: &str, body: Value) -> Query {
    compile(Verb::Insert, table, &body.to_string()).unwrap()
}

fn conflict(table: &str, row: Value, on_conflict: Value) -> String {
    sql(&insert(table, json!({"data": row, "on_conflict": on_conflict})))
}

#[test]
fn an_insert_is_a_statement_per_row() {
    let rows = json!([{"id": 1, "name": "a"}, {"name": "b", "active": false}]);
    let query = insert("projects", json!({"data": rows, "returning": ["*"]}));
    insta::assert_snapshot!(sql(&query), @r#"
    INSERT INTO "projects" AS t ("id", "name") VALUES (?1, ?2) RETURNING "projects"."id", "projects"."name", "projects"."owner_id", "projects"."budget", "projects"."active", "projects"."meta", "projects"."photo", "projects"."created_at", "projects"."label"
    INSERT INTO "projects" AS t ("name", "active") VALUES (?1, ?2) RETURNING "projects"."id", "projects"."name", "projects"."owner_id", "projects"."budget", "projects"."active", "projects"."meta", "projects"."photo", "projects"."created_at", "projects"."label"
    "#);
    assert_eq!(values(&query), [vec![1_i64.into(), "a".into()], vec!["b".into(), false.into()]]);
}

#[test]
fn an_id_is_made_where_none_is_given() {
    let query = insert("users", json!({"data": {"email": "a@b.c"}}));
    insta::assert_snapshot!(sql(&query), @r#"INSERT INTO "users" AS t ("email", "id") VALUES (?1, ?2)"#);
    assert_eq!(values(&query)[0][1].as_text().unwrap().len(), 36);
    assert_eq!(
        sql(&insert("excluded", json!({"data": {}}))),
        r#"INSERT INTO "excluded" AS t DEFAULT VALUES"#
    );
}

#[test]
fn no_rows_are_no_statements() {
    assert_eq!(insert("users", json!({"data": [], "returning": "id"})).statements().len(), 0);
}

#[test]
fn a_conflict_is_ignored() {
    let row = json!({"id": 1, "name": "a"});
    insta::assert_snapshot!(conflict("projects", row.clone(), json!({"action": "ignore"})), @r#"INSERT INTO "projects" AS t ("id", "name") VALUES (?1, ?2) ON CONFLICT DO NOTHING"#);
    insta::assert_snapshot!(conflict("projects", row, json!({"action": "ignore", "target": ["name"]})), @r#"INSERT INTO "projects" AS t ("id", "name") VALUES (?1, ?2) ON CONFLICT ("name") DO NOTHING"#);
}

#[test]
fn a_conflict_updates_what_was_given_or_named() {
    let row = json!({"id": 1, "name": "a", "budget": 2});
    insta::assert_snapshot!(conflict("projects", row.clone(), json!({"action": "update"})), @r#"INSERT INTO "projects" AS t ("id", "name", "budget") VALUES (?1, ?2, ?3) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "budget" = excluded."budget""#);
    insta::assert_snapshot!(
        conflict("projects", row, json!({"action": "update", "target": ["name"], "update": ["budget", "meta"]})), @r#"INSERT INTO "projects" AS t ("id", "name", "budget") VALUES (?1, ?2, ?3) ON CONFLICT ("name") DO UPDATE SET "budget" = excluded."budget", "meta" = excluded."meta""#);
    // The columns of a composite target stand in any order.
    let member = json!({"user_id": "u", "project_id": 1});
    insta::assert_snapshot!(conflict("members", member, json!({"action": "update", "target": ["user_id", "project_id"]})), @r#"INSERT INTO "members" AS t ("user_id", "project_id") VALUES (?1, ?2) ON CONFLICT ("project_id", "user_id") DO UPDATE SET "project_id" = t."project_id""#);
}

#[test]
fn a_replaced_row_keeps_its_key_alone() {
    let row = json!({"name": "a"});
    insta::assert_snapshot!(conflict("projects", row, json!({"action": "replace", "target": ["name"]})), @r#"INSERT INTO "projects" AS t ("name") VALUES (?1) ON CONFLICT ("name") DO UPDATE SET "owner_id" = excluded."owner_id", "budget" = excluded."budget", "active" = excluded."active", "meta" = excluded."meta", "photo" = excluded."photo", "created_at" = excluded."created_at""#);
    let row = json!({"id": "t", "project_id": 1, "title": "a"});
    let target = json!({"action": "replace", "target": ["title", "project_id"]});
    insta::assert_snapshot!(conflict("tasks", row, target), @r#"INSERT INTO "tasks" AS t ("id", "project_id", "title") VALUES (?1, ?2, ?3) ON CONFLICT ("project_id", "title") DO UPDATE SET "id" = excluded."id", "author" = excluded."author", "reviewer_id" = excluded."reviewer_id", "status" = excluded."status", "points" = excluded."points""#);
    insta::assert_snapshot!(conflict("excluded", json!({"select": 1}), json!({"action": "replace"})), @r#"INSERT INTO "excluded" AS t ("select") VALUES (?1) ON CONFLICT ("select") DO UPDATE SET "t" = excluded."t", "rowid" = excluded."rowid""#);
}

#[test]
fn an_update_sets_what_was_given() {
    let body = json!({
        "data": {"title": "it's", "points": null}, "where": [{"id": {"eq": "t"}}], "returning": ["id", "title"],
    });
    let query = compile(Verb::Update, "tasks", &body.to_string()).unwrap();
    insta::assert_snapshot!(sql(&query), @r#"UPDATE "tasks" SET "title" = ?1, "points" = ?2 WHERE ("tasks"."id" = ?3) RETURNING "tasks"."id", "tasks"."title""#);
    assert_eq!(values(&query), [["it's".into(), db::Value::Null, "t".into()]]);
}

#[test]
fn a_delete_has_a_condition() {
    let body = json!({"where": {"points": {"lt": 3}}, "returning": "*"});
    insta::assert_snapshot!(sql(&compile(Verb::Delete, "tasks", &body.to_string()).unwrap()), @r#"DELETE FROM "tasks" WHERE ("tasks"."points" < ?1) RETURNING "tasks"."id", "tasks"."project_id", "tasks"."author", "tasks"."reviewer_id", "tasks"."title", "tasks"."status", "tasks"."points""#);
}

#[test]
fn a_write_that_may_touch_many_rows_shares_no_commit() {
    let alone = |verb, table: &str, filter: Value| {
        let mut body = json!({"where": filter});
        if verb == Verb::Update {
            body["data"] = json!({"role": "x", "name": "x", "points": 1});
            let columns: Vec<_> =
                super::template().table(table).unwrap().columns.iter().map(|c| c.name.clone()).collect();
            body["data"].as_object_mut().unwrap().retain(|name, _| columns.contains(name));
        }
        compile(verb, table, &body.to_string()).unwrap().alone
    };
    assert!(!alone(Verb::Update, "tasks", json!({"id": {"eq": "t"}})));
    assert!(!alone(Verb::Update, "tasks", json!({"id": {"in": ["t", "u"]}})));
    assert!(!alone(Verb::Update, "projects", json!([{"name": {"eq": "a"}}, {"budget": {"gt": 1}}])));
    assert!(alone(Verb::Update, "tasks", json!({"or": [{"id": {"eq": "t"}}, {"id": {"eq": "u"}}]})));
    assert!(alone(Verb::Update, "tasks", json!({"not": {"id": {"eq": "t"}}})));
    assert!(alone(Verb::Update, "tasks", json!({"points": {"eq": 1}})));
    assert!(!alone(Verb::Update, "members", json!({"project_id": {"eq": 1}, "user_id": {"eq": "u"}})));
    assert!(alone(Verb::Update, "members", json!({"project_id": {"in": [1]}, "user_id": {"eq": "u"}})));
    assert!(!alone(Verb::Delete, "tasks", json!({"id": {"eq": "t"}})));
    // Tasks and members go with their project.
    assert!(alone(Verb::Delete, "projects", json!({"id": {"eq": 1}})));
}
