//! Selects as SQL.

use serde_json::json;

use super::{compile, refusal, select, sql, values};
use crate::Verb;
use atomicbase_core::Code;

#[test]
fn rows_of_one_table_come_by_primary_key() {
    let query = select("users", json!({})).unwrap();
    insta::assert_snapshot!(sql(&query), @r#"SELECT t0."id", t0."email", t0."name", t0."boss_id" FROM "users" AS t0 ORDER BY t0."id" LIMIT 101"#);
    let query =
        select("members", json!({"select": ["role", "user_id", "role"], "limit": 5, "offset": 20})).unwrap();
    insta::assert_snapshot!(sql(&query), @r#"SELECT t0."role", t0."user_id" FROM "members" AS t0 ORDER BY t0."project_id", t0."user_id" LIMIT 5 OFFSET ?1"#);
    assert_eq!(values(&query), [[20_i64.into()]]);
}

#[test]
fn lists_of_like_length_are_one_statement() {
    let listed = |count: i64| {
        let query =
            select("projects", json!({"where": {"id": {"in": (0..count).collect::<Vec<_>>()}}})).unwrap();
        (sql(&query), values(&query)[0].to_vec())
    };
    assert_eq!(listed(5).0, listed(8).0);
    assert_ne!(listed(8).0, listed(9).0);
    assert_eq!(listed(3).1, [0, 1, 2, 2].map(db::Value::Integer));
    assert_eq!((listed(0).1.len(), listed(1).1.len(), listed(1_000).1.len()), (0, 1, 1_024));
}

#[test]
fn every_operator_and_group() {
    let query = select(
        "projects",
        json!({"select": ["id"], "where": [
            {"id": {"gt": 1, "lte": 9}},
            {"or": [{"name": {"like": "a%"}}, {"and": [{"name": {"glob": "B*"}, "budget": {"neq": 1.5}}]}]},
            {"not": {"active": {"eq": true}}},
            {"name": {"not": {"in": ["x", "y"]}}},
            {"budget": {"between": [1, 2]}},
            {"owner_id": {"is": null}},
            {"meta": {"not": null}},
            {"photo": {"lt": "AA=="}},
            {"created_at": {"gte": 5}},
            {"id": {"in": []}},
        ], "order": [{"budget": "desc"}, {"name": "asc"}], "limit": 0}),
    )
    .unwrap();
    insta::assert_snapshot!(sql(&query), @r#"SELECT t0."id" FROM "projects" AS t0 WHERE ((t0."id" > ?1 AND t0."id" <= ?2) AND (t0."name" LIKE ?3 OR ((t0."name" GLOB ?4 AND t0."budget" <> ?5))) AND NOT ((t0."active" = ?6)) AND NOT ((t0."name" IN (?7, ?8))) AND t0."budget" BETWEEN ?9 AND ?10 AND t0."owner_id" IS NULL AND t0."meta" IS NOT NULL AND t0."photo" < ?11 AND t0."created_at" >= ?12 AND t0."id" IN ()) ORDER BY t0."budget" DESC, t0."name", t0."id" LIMIT 0"#);
}

#[test]
fn the_text_is_the_same_for_every_value() {
    let one = |name: &str, id: i64, offset: u64| {
        let filter = json!([{"name": {"eq": name}, "id": {"in": [id, 2]}}]);
        let body = json!({"select": ["id", {"tasks": ["id"]}], "where": filter, "offset": offset});
        select("projects", body).unwrap()
    };
    let (a, b) = (one("x'; DROP TABLE users; --", 1, 10), one("\"", -5, 20));
    assert_eq!(sql(&a), sql(&b));
    assert_ne!(values(&a), values(&b));
}

#[test]
fn relations_go_both_ways() {
    let query =
        select("projects", json!({"select": ["name", {"tasks": ["title"]}, {"users": ["name"]}]})).unwrap();
    insta::assert_snapshot!(sql(&query), @r#"
    SELECT t0."name", t0."id", t0."owner_id", t0."id" FROM "projects" AS t0 ORDER BY t0."id" LIMIT 101
    SELECT t1."title", p1.k FROM (SELECT DISTINCT k, (SELECT 1 FROM "tasks" AS t1 WHERE t1."project_id" = p1."k" LIMIT 1 OFFSET 100) AS more FROM (SELECT t0."id" AS k FROM "projects" AS t0 ORDER BY t0."id" LIMIT 100) AS p1) AS p1 CROSS JOIN "tasks" AS t1 WHERE t1."project_id" = p1."k" AND (p1.more IS NULL OR t1.rowid IN (SELECT t1.rowid FROM "tasks" AS t1 WHERE t1."project_id" = p1."k" ORDER BY t1."id" LIMIT 100)) ORDER BY t1."id"
    SELECT t2."name", p2.k FROM (SELECT DISTINCT k FROM (SELECT t0."owner_id" AS k FROM "projects" AS t0 ORDER BY t0."id" LIMIT 100) AS p2) AS p2 CROSS JOIN "users" AS t2 ON t2."id" = p2."k"
    "#);
}

#[test]
fn relations_nest_and_are_renamed() {
    let body = json!({
        "select": [{"open": {"from": "tasks", "select": ["title", {"reviewer": {"from": "!reviewer_id", "select": ["name"]}}]}}],
        "where": [{"id": {"eq": 7}}],
    });
    let query = select("projects", body).unwrap();
    insta::assert_snapshot!(sql(&query), @r#"
    SELECT t0."id" FROM "projects" AS t0 WHERE (t0."id" = ?1) ORDER BY t0."id" LIMIT 100
    SELECT t1."title", t1."reviewer_id", p1.k FROM (SELECT DISTINCT k, (SELECT 1 FROM "tasks" AS t1 WHERE t1."project_id" = p1."k" LIMIT 1 OFFSET 100) AS more FROM (SELECT t0."id" AS k FROM "projects" AS t0 WHERE (t0."id" = ?1) ORDER BY t0."id" LIMIT 100) AS p1) AS p1 CROSS JOIN "tasks" AS t1 WHERE t1."project_id" = p1."k" AND (p1.more IS NULL OR t1.rowid IN (SELECT t1.rowid FROM "tasks" AS t1 WHERE t1."project_id" = p1."k" ORDER BY t1."id" LIMIT 100)) ORDER BY t1."id"
    SELECT t2."name", p2.k FROM (SELECT DISTINCT k FROM (SELECT t1."reviewer_id" AS k FROM (SELECT DISTINCT k, (SELECT 1 FROM "tasks" AS t1 WHERE t1."project_id" = p1."k" LIMIT 1 OFFSET 100) AS more FROM (SELECT t0."id" AS k FROM "projects" AS t0 WHERE (t0."id" = ?1) ORDER BY t0."id" LIMIT 100) AS p1) AS p1 CROSS JOIN "tasks" AS t1 WHERE t1."project_id" = p1."k" AND (p1.more IS NULL OR t1.rowid IN (SELECT t1.rowid FROM "tasks" AS t1 WHERE t1."project_id" = p1."k" ORDER BY t1."id" LIMIT 100)) ORDER BY t1."id") AS p2) AS p2 CROSS JOIN "users" AS t2 ON t2."id" = p2."k"
    "#);
    assert_eq!(values(&query), vec![[7_i64.into()]; 3]);
}

#[test]
fn a_table_relates_to_itself_both_ways() {
    let body = json!({"select": ["id", {"boss": {"from": "!boss_id"}}, {"staff": {"from": "users!boss_id", "select": ["id"]}}]});
    insta::assert_snapshot!(sql(&select("users", body).unwrap()), @r#"
    SELECT t0."id", t0."boss_id", t0."id" FROM "users" AS t0 ORDER BY t0."id" LIMIT 101
    SELECT t1."id", t1."email", t1."name", t1."boss_id", p1.k FROM (SELECT DISTINCT k FROM (SELECT t0."boss_id" AS k FROM "users" AS t0 ORDER BY t0."id" LIMIT 100) AS p1) AS p1 CROSS JOIN "users" AS t1 ON t1."id" = p1."k"
    SELECT t2."id", p2.k FROM (SELECT DISTINCT k, (SELECT 1 FROM "users" AS t2 WHERE t2."boss_id" = p2."k" LIMIT 1 OFFSET 100) AS more FROM (SELECT t0."id" AS k FROM "users" AS t0 ORDER BY t0."id" LIMIT 100) AS p2) AS p2 CROSS JOIN "users" AS t2 WHERE t2."boss_id" = p2."k" AND (p2.more IS NULL OR t2.rowid IN (SELECT t2.rowid FROM "users" AS t2 WHERE t2."boss_id" = p2."k" ORDER BY t2."id" LIMIT 100)) ORDER BY t2."id"
    "#);
    let (code, path, hint) = refusal(select("users", json!({"select": [{"users": ["id"]}]})));
    assert_eq!((code, path.as_str()), (Code::AmbiguousRelation, "select[0].users"));
    assert_eq!(hint, "Write `!boss_id` or `users!boss_id`.");
}

#[test]
fn a_relation_compares_like_its_foreign_key() {
    // `users.email` ignores case, `tasks.author` does not: both ways the key decides, and each parent keeps its own bytes.
    let many = select("users", json!({"select": [{"tasks!author": ["id"]}]})).unwrap();
    insta::assert_snapshot!(sql(&many), @r#"
    SELECT t0."email", t0."id" FROM "users" AS t0 ORDER BY t0."id" LIMIT 101
    SELECT t1."id", p1.k FROM (SELECT DISTINCT k, (SELECT 1 FROM "tasks" AS t1 WHERE t1."author" = p1."k" COLLATE "NOCASE" LIMIT 1 OFFSET 100) AS more FROM (SELECT t0."email" COLLATE BINARY AS k FROM "users" AS t0 ORDER BY t0."id" LIMIT 100) AS p1) AS p1 CROSS JOIN "tasks" AS t1 WHERE t1."author" = p1."k" COLLATE "NOCASE" AND (p1.more IS NULL OR t1.rowid IN (SELECT t1.rowid FROM "tasks" AS t1 WHERE t1."author" = p1."k" COLLATE "NOCASE" ORDER BY t1."id" LIMIT 100)) ORDER BY t1."id"
    "#);
    let one = select("tasks", json!({"select": [{"!author": ["id"]}]})).unwrap();
    insta::assert_snapshot!(sql(&one), @r#"
    SELECT t0."author", t0."id" FROM "tasks" AS t0 ORDER BY t0."id" LIMIT 101
    SELECT t1."id", p1.k FROM (SELECT DISTINCT k FROM (SELECT t0."author" AS k FROM "tasks" AS t0 ORDER BY t0."id" LIMIT 100) AS p1) AS p1 CROSS JOIN "users" AS t1 ON t1."email" = p1."k"
    "#);
}

#[test]
fn a_count_ignores_limit_and_offset() {
    let body = json!({"select": "name", "where": {"role": {"eq": "owner"}}, "limit": 1, "offset": 3});
    let body = body.to_string().replace("name", "role");
    let query = compile(Verb::Select { count: true }, "members", &body).unwrap();
    insta::assert_snapshot!(sql(&query), @r#"
    SELECT t0."role" FROM "members" AS t0 WHERE (t0."role" = ?1) ORDER BY t0."project_id", t0."user_id" LIMIT 1 OFFSET ?2
    SELECT count(*) FROM "members" AS t0 WHERE (t0."role" = ?1)
    "#);
    assert_eq!(values(&query), [vec!["owner".into(), 3_i64.into()], vec!["owner".into()]]);
}

#[test]
fn names_that_are_words_of_sql_are_quoted() {
    let query =
        select("excluded", json!({"where": {"select": {"gt": 1}}, "order": {"rowid": "desc"}})).unwrap();
    insta::assert_snapshot!(sql(&query), @r#"SELECT t0."select", t0."t", t0."rowid" FROM "excluded" AS t0 WHERE (t0."select" > ?1) ORDER BY t0."rowid" DESC, t0."select" LIMIT 101"#);
}
