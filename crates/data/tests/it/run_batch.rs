//! Several operations in one transaction.

use atomicbase_core::Limits;
use axum::http::Method;
use serde_json::{Value, json};
use testkit::TestServer;

use crate::agency::Agency;

fn operation(operation: &str, table: &str, body: Value) -> Value {
    json!({"operation": operation, "table": table, "body": body})
}

#[tokio::test]
async fn each_operation_sees_what_those_before_it_did() {
    let agency = Agency::start().await;
    let by_id = json!({"id": {"eq": 5}});
    let answer = agency.batch(json!({"operations": [
        operation("insert", "projects", json!({"data": {"id": 5, "name": "Five"}})),
        operation("update", "projects", json!({"data": {"budget": 5}, "where": by_id, "returning": ["id"]})),
        operation("select", "projects", json!({"select": ["name", "budget", {"tasks": ["id"]}], "where": by_id})),
        operation("delete", "projects", json!({"where": by_id})),
        operation("insert", "users", json!({"data": []})),
        {"operation": "select", "table": "members"},
    ]})).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["template-version"]), (200, &"1".parse().unwrap()));
    let members = agency.rows("members", json!({})).await;
    assert_eq!(
        answer.json(),
        json!({"results": [
            {"rows_affected": 1, "last_insert_id": 5},
            {"data": [{"id": 5}], "rows_affected": 1},
            {"data": [{"name": "Five", "budget": 5.0, "tasks": []}]},
            {"rows_affected": 1},
            {"rows_affected": 0},
            {"data": members},
        ]})
    );
}

#[tokio::test]
async fn one_refusal_undoes_them_all_and_says_which_it_was() {
    let agency = Agency::start().await;
    let before = agency.everything().await;
    let first = operation("insert", "users", json!({"data": {"email": "first@x"}}));
    let nobody = operation("insert", "users", json!({"data": []}));
    for (second, status, code, path) in [
        (
            operation("insert", "users", json!({"data": [{"email": "a"}, {"email": "first@x"}]})),
            409,
            "UNIQUE_VIOLATION",
            "operations[2].body.data[1]",
        ),
        (
            operation("update", "tasks", json!({"data": {"project_id": 9}, "where": {"id": {"eq": "t1"}}})),
            409,
            "FOREIGN_KEY_VIOLATION",
            "operations[2].body.data",
        ),
        (
            operation("delete", "users", json!({"where": {"id": {"eq": "u1"}}})),
            409,
            "FOREIGN_KEY_VIOLATION",
            "operations[2]",
        ),
        (operation("delete", "users", json!({})), 400, "MISSING_WHERE_CLAUSE", "operations[2].body.where"),
        (
            operation("select", "users", json!({"select": ["nam"]})),
            400,
            "COLUMN_NOT_FOUND",
            "operations[2].body.select[0]",
        ),
        (operation("select", "user", json!({})), 404, "TABLE_NOT_FOUND", "operations[2].table"),
        (operation("upsert", "users", json!({})), 400, "INVALID_QUERY", "operations[2].operation"),
        (operation("select", "users", json!([])), 400, "INVALID_QUERY", "operations[2].body"),
        (json!({"operation": "insert", "table": "users"}), 400, "INVALID_QUERY", "operations[2].body.data"),
        (json!("select"), 400, "INVALID_QUERY", "operations[2]"),
    ] {
        let answer = agency.batch(json!({"operations": [first, nobody, second]})).await;
        let problem = answer.json();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{problem}");
        assert_eq!(problem["errors"][0]["path"], path, "{problem}");
        assert_eq!(answer.headers["template-version"], "1");
    }
    assert_eq!(agency.everything().await, before);
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let agency = Agency::start().await;
    let many = vec![operation("select", "users", json!({})); 1_001];
    assert_eq!(agency.batch(json!({"operations": many})).await.code(), "INVALID_QUERY");
    assert_eq!(agency.batch(json!({"operations": []})).await.code(), "INVALID_QUERY");
    let row = json!({});
    let inserts = vec![operation("insert", "excluded", json!({"data": vec![row; 1_000]})); 11];
    let problem = agency.batch(json!({"operations": inserts})).await.json();
    assert_eq!(
        (problem["code"].as_str(), problem["hint"].as_str()),
        (Some("INVALID_QUERY"), Some("Send the operations in several batches."))
    );
    assert_eq!(agency.rows("excluded", json!({})).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_batch_that_binds_too_much_is_refused() {
    let agency = Agency::start().await;
    let relations: Vec<Value> = (0..50).map(|n| json!({format!("r{n}"): {"from": "tasks"}})).collect();
    let ids: Vec<i64> = (0..512).collect();
    let select = operation("select", "projects", json!({"select": relations, "where": {"id": {"in": ids}}}));
    assert_eq!(agency.batch(json!({"operations": vec![&select; 19]})).await.status, 200);
    let answer = agency.batch(json!({"operations": vec![&select; 20]})).await;
    assert_eq!(
        (answer.code().as_str(), &answer.json()["errors"][0]["path"]),
        ("INVALID_QUERY", &json!("operations"))
    );
}

#[tokio::test]
async fn a_batch_whose_answer_is_too_large_says_whether_it_was_done() {
    let limits = Limits { answer_bytes: 20_000, ..Limits::default() };
    let agency = Agency::fill(TestServer::start_with(limits).await).await;
    let insert = |id: &str, title: &str| {
        let row = json!({"id": id, "project_id": 2, "title": title});
        operation("insert", "tasks", json!({"data": row, "returning": ["*"]}))
    };
    // Two rows of the answer's size: counted in the transaction, so that neither is kept.
    let answer =
        agency.batch(json!({"operations": [insert("a", "x"), insert("b", &"x".repeat(20_000))]})).await;
    assert_eq!(answer.code(), "ANSWER_TOO_LARGE");
    assert_eq!(agency.rows("tasks", json!({"where": {"id": {"in": ["a", "b"]}}})).await, json!([]));
    // Few rows that the answer repeats under each other: known only when they are on disk.
    let rows: Vec<Value> =
        (0..40).map(|n| json!({"id": format!("n{n}"), "project_id": 2, "title": format!("t{n}")})).collect();
    let repeated = json!({"select": [{"projects": ["*", {"tasks": ["title"]}]}]});
    let operations =
        [operation("insert", "tasks", json!({"data": rows})), operation("select", "tasks", repeated)];
    let problem = agency.batch(json!({ "operations": operations })).await.json();
    assert_eq!(problem["code"], "ANSWER_TOO_LARGE");
    assert_eq!(problem["errors"][0]["path"], "operations[1]");
    assert!(problem["hint"].as_str().unwrap().starts_with("The batch was done all the same"), "{problem}");
    assert_eq!(
        agency
            .rows("tasks", json!({"select": ["id"], "where": {"id": {"glob": "n*"}}}))
            .await
            .as_array()
            .unwrap()
            .len(),
        40
    );
}

#[tokio::test]
async fn a_viewer_batches_selects_only() {
    let agency = Agency::start().await;
    let as_viewer = async |operations: Value| {
        let request = agency.server.request(Method::POST, "/data/batch").header("database", "acme");
        request.header("act-as", "role=viewer").json(json!({ "operations": operations })).send().await
    };
    let select = operation("select", "users", json!({}));
    let delete = operation("delete", "users", json!({"where": {"id": {"eq": "u3"}}}));
    assert_eq!(as_viewer(json!([select])).await.status, 200);
    assert_eq!(as_viewer(json!([select, delete])).await.code(), "FORBIDDEN");
    assert_eq!(agency.rows("users", json!({})).await.as_array().unwrap().len(), 3);
}
