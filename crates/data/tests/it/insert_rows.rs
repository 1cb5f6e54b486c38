//! Inserting rows.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use testkit::TestServer;

use crate::agency::Agency;

#[tokio::test]
async fn one_row_or_many_with_what_the_database_makes_of_them() {
    let agency = Agency::start().await;
    let one = agency.answer("insert", "projects", json!({"data": {"name": "One"}})).await;
    assert_eq!(one, json!({"rows_affected": 1, "last_insert_id": 3}));
    let many = json!({"data": [{"name": "Two", "active": false, "created_at": 5}, {"id": 10, "name": "Ten", "created_at": 6}], "returning": ["id", "active", "created_at", "label"]});
    assert_eq!(
        agency.answer("insert", "projects", many).await,
        json!({
            "data": [{"id": 4, "active": false, "created_at": 5, "label": "4 Two"}, {"id": 10, "active": true, "created_at": 6, "label": "10 Ten"}],
            "rows_affected": 2, "last_insert_id": 10,
        })
    );
}

#[tokio::test]
async fn an_id_is_a_uuid_of_its_own() {
    let agency = Agency::start().await;
    let rows = json!({"data": [{"email": "a@x"}, {"email": "b@x"}], "returning": "id"});
    let answer = agency.answer("insert", "users", rows).await;
    let ids: Vec<&str> =
        answer["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'7'), "{ids:?}");
    assert_ne!(ids[0], ids[1]);
    assert!(answer.get("last_insert_id").is_none());
}

#[tokio::test]
async fn no_rows_change_nothing() {
    let agency = Agency::start().await;
    assert_eq!(agency.answer("insert", "users", json!({"data": []})).await, json!({"rows_affected": 0}));
    let answer = agency.answer("insert", "users", json!({"data": [], "returning": ["*"]})).await;
    assert_eq!(answer, json!({"data": [], "rows_affected": 0}));
    assert_eq!(
        agency.refused("insert", "users", json!({"data": [], "returning": ["x"]})).await["code"],
        "COLUMN_NOT_FOUND"
    );
}

#[tokio::test]
async fn json_and_text_are_kept_to_the_letter() {
    let agency = Agency::start().await;
    let raw = br#"{"data": {"id": 50, "name": "it's \"\u00e9\" \ud83d\ude00 \\", "meta": {"n": 12345678901234567890123, "a": 0.10, "s": "\u0000"}}, "returning": ["name", "meta"]}"#;
    let request = agency.server.request(Method::POST, "/data/query/projects").header("database", "acme");
    let answer = request.header("prefer", "operation=insert").bytes(raw.to_vec()).send().await;
    let text = String::from_utf8(answer.bytes).unwrap();
    assert_eq!(
        text,
        r#"{"data":[{"name":"it's \"é\" 😀 \\","meta":{"n": 12345678901234567890123, "a": 0.10, "s": "\u0000"}}],"rows_affected":1,"last_insert_id":50}"#
    );
}

#[tokio::test]
async fn each_refusal_names_the_row_and_keeps_nothing() {
    let agency = Agency::start().await;
    let task = |title: Value| json!({"id": format!("x{title}"), "project_id": 1, "title": title});
    for (table, rows, status, code, path) in [
        (
            "users",
            json!([{"email": "new@x"}, {"email": "ADA@example.com"}]),
            409,
            "UNIQUE_VIOLATION",
            "data[1]",
        ),
        ("projects", json!([{"id": 1, "name": "again"}]), 409, "UNIQUE_VIOLATION", "data[0]"),
        (
            "tasks",
            json!([{"id": "x", "project_id": 1, "title": "Write the copy"}]),
            409,
            "UNIQUE_VIOLATION",
            "data[0]",
        ),
        (
            "tasks",
            json!([task("the end".into()), {"id": "y", "project_id": 1, "title": "the end"}]),
            409,
            "UNIQUE_VIOLATION",
            "data[1]",
        ),
        ("tasks", json!({"id": "x", "project_id": 99, "title": "x"}), 409, "FOREIGN_KEY_VIOLATION", "data"),
        ("users", json!([{"email": "new@x"}, {}]), 400, "NOT_NULL_VIOLATION", "data[1].email"),
        ("users", json!({"email": null}), 400, "NOT_NULL_VIOLATION", "data.email"),
        ("members", json!({"project_id": 1}), 400, "NOT_NULL_VIOLATION", "data.user_id"),
        ("projects", json!({"name": "x".repeat(99)}), 400, "CHECK_VIOLATION", "data"),
        (
            "tasks",
            json!([{"id": "x", "project_id": 1, "title": "x", "status": "later"}]),
            400,
            "CHECK_VIOLATION",
            "data[0].status",
        ),
        (
            "tasks",
            json!([{"id": "x", "project_id": 1, "title": "x", "points": i64::MIN}]),
            400,
            "CHECK_VIOLATION",
            "data[0]",
        ),
        ("projects", json!({"name": 5}), 400, "TYPE_MISMATCH", "data.name"),
        ("projects", json!({"name": "x", "budget": "5"}), 400, "TYPE_MISMATCH", "data.budget"),
        ("projects", json!({"name": "x", "photo": "%"}), 400, "TYPE_MISMATCH", "data.photo"),
        ("projects", json!({"name": "a\0b"}), 400, "TYPE_MISMATCH", "data.name"),
        ("projects", json!({"name": "x", "label": "y"}), 400, "INVALID_QUERY", "data.label"),
        ("projects", json!({"nme": "x"}), 400, "COLUMN_NOT_FOUND", "data.nme"),
        ("projects", json!(["x"]), 400, "INVALID_QUERY", "data[0]"),
        ("projects", json!(null), 400, "INVALID_QUERY", "data"),
    ] {
        let problem = agency.refused("insert", table, json!({ "data": rows })).await;
        assert_eq!(
            (problem["status"].as_u64(), problem["code"].as_str()),
            (Some(status), Some(code)),
            "{problem}"
        );
        assert_eq!(problem["errors"][0]["path"], path, "{problem}");
    }
}

#[tokio::test]
async fn what_the_database_refuses_reads_well_and_tells_no_value() {
    let agency = Agency::start().await;
    let detail = async |table: &str, row: Value| {
        let problem = agency.refused("insert", table, json!({ "data": row })).await;
        problem["detail"].as_str().unwrap().to_owned()
    };
    let said = detail("users", json!({"email": "ada@example.com"})).await;
    assert_eq!(said, "A row with the same value in `users.email` exists.");
    let said = detail("members", json!({"project_id": 1, "user_id": "u1"})).await;
    assert_eq!(said, "A row with the same value in `members.project_id`, `members.user_id` exists.");
    let said = detail("projects", json!({"name": "x".repeat(99)})).await;
    assert_eq!(said, "The check `length(name) < 99` does not hold.");
    let said = detail("tasks", json!({"id": "x", "project_id": 1, "title": "x", "points": i64::MIN})).await;
    assert_eq!(said, "An expression of the schema has no value for this row: integer overflow.");
    let nested = format!("{}{}", "[".repeat(1_001), "]".repeat(1_001));
    let body = format!(r#"{{"data": {{"name": "deep", "meta": {nested}}}}}"#).into_bytes();
    let request = agency.server.request(Method::POST, "/data/query/projects").header("database", "acme");
    let deep = request.header("prefer", "operation=insert").bytes(body).send().await;
    assert_eq!(deep.json()["detail"], "`meta` nests more than 1000 levels deep.");
}

#[tokio::test]
async fn a_conflict_is_ignored_updated_or_replaced() {
    let agency = Agency::start().await;
    let insert = async |table: &str, row: Value, conflict: Value| {
        let body = json!({"data": row, "on_conflict": conflict, "returning": ["*"]});
        agency.answer("insert", table, body).await
    };
    let ignored = insert("users", json!({"email": "ADA@example.com"}), json!({"action": "ignore"})).await;
    assert_eq!(ignored, json!({"data": [], "rows_affected": 0}));

    let row = json!({"email": "ADA@example.com", "name": "Ada L."});
    let updated = insert("users", row, json!({"target": ["email"], "action": "update"})).await;
    let ada = json!({"id": "u1", "email": "Ada@example.com", "name": "Ada L.", "boss_id": null});
    assert_eq!(updated, json!({"data": [ada], "rows_affected": 1}));

    // What is not given becomes what an insert would have made of it; tasks of the project stay where they are.
    let tasks = agency.rows("tasks", json!({})).await;
    let replaced =
        insert("projects", json!({"id": 1, "name": "Web", "created_at": 9}), json!({"action": "replace"}))
            .await;
    let web = json!({"id": 1, "name": "Web", "owner_id": null, "budget": null, "active": true, "meta": null,
        "photo": null, "created_at": 9, "label": "1 Web"});
    assert_eq!(replaced, json!({"data": [web], "rows_affected": 1}));
    assert_eq!(agency.rows("tasks", json!({})).await, tasks);

    // Nothing to take over: the row that is there is the answer.
    let row = json!({"email": "grace@example.com"});
    let same = insert("users", row, json!({"target": ["email"], "action": "update"})).await;
    assert_eq!(same["data"][0]["id"], "u2");

    let excluded = insert("excluded", json!({"select": 1, "t": "new"}), json!({"action": "update"})).await;
    assert_eq!(excluded, json!({"data": [{"select": 1, "t": "new", "rowid": 7}], "rows_affected": 1}));
    // Another key that collides is a violation like any other.
    let body = json!({"data": {"id": 2, "name": "Web"}, "on_conflict": {"action": "update"}});
    assert_eq!(agency.refused("insert", "projects", body).await["code"], "UNIQUE_VIOLATION");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_writers_of_one_unique_value_exactly_one_wins() {
    let agency = Arc::new(Agency::start().await);
    let writers = (0..50).map(|n| {
        let agency = Arc::clone(&agency);
        tokio::spawn(async move {
            let row = json!({"email": "wanted@example.com", "name": n.to_string()});
            let answer = agency.query("insert", "users", json!({ "data": row })).await;
            match answer.status.as_u16() {
                200 => true,
                _ => {
                    assert_eq!(answer.code(), "UNIQUE_VIOLATION");
                    false
                }
            }
        })
    });
    let mut won = 0;
    for writer in writers.collect::<Vec<_>>() {
        won += usize::from(writer.await.unwrap());
    }
    assert_eq!(won, 1);
    let found = json!({"where": {"email": {"eq": "wanted@example.com"}}});
    assert_eq!(agency.rows("users", found).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_viewer_reads_and_does_not_write() {
    let agency = Agency::start().await;
    let before = agency.everything().await;
    let as_role = async |role: &str, operation: &str, body: Value| {
        let request = agency.server.request(Method::POST, "/data/query/users").header("database", "acme");
        let request = request.header("act-as", &format!("role={role}"));
        request.header("prefer", &format!("operation={operation}")).json(body).send().await
    };
    for (operation, body) in [
        ("insert", json!({"data": {"email": "x"}})),
        ("update", json!({"data": {"name": "x"}, "where": {"id": {"eq": "u1"}}})),
        ("delete", json!({"where": {"id": {"eq": "u3"}}})),
    ] {
        let answer = as_role("viewer", operation, body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "FORBIDDEN"));
        assert_eq!(answer.json()["hint"], "Writing needs the role owner, admin or member.");
    }
    assert_eq!(as_role("viewer", "select", json!({})).await.status, 200);
    assert_eq!(agency.everything().await, before);
    for role in ["member", "admin", "owner"] {
        let row = json!({"data": {"email": role}});
        assert_eq!(as_role(role, "insert", row).await.status, 200, "{role}");
    }
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_taken_where_it_is_allowed() {
    let limits = atomicbase_core::Limits { body_bytes: 16 << 20, ..Default::default() };
    let agency = Agency::fill(TestServer::start_with(limits).await).await;
    let blob = "A".repeat(10_000_000);
    let body = json!({"data": {"id": 9, "name": "big", "photo": blob}});
    agency.answer("insert", "projects", body).await;
    let rows = agency.rows("projects", json!({"select": "photo", "where": {"id": {"eq": 9}}})).await;
    assert!(rows[0]["photo"] == blob);
}
