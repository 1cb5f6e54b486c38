//! `POST /platform/databases`.

use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::json;

use crate::{columns, notes, start};

#[tokio::test]
async fn a_database_is_created_at_the_released_version() {
    let server = start(&[]).await;
    server.push(notes(&["title", "body"])).await;
    let created = server.post("/platform/databases", json!({"name": "acme", "template": "notes"})).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let body = created.json();
    assert!(atomicbase_core::DatabaseId::parse(body["id"].as_str().unwrap()).is_some());
    assert_eq!(
        (&body["name"], &body["template"], &body["version"]),
        (&json!("acme"), &json!("notes"), &json!(2))
    );
    assert_eq!((&body["status"], &body["created_at"]), (&json!("ready"), &json!(1_700_000_000)));
    assert_eq!(columns(&server, "acme").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_with_one_name_one_is_created_and_no_file_is_left() {
    let server = start(&[]).await;
    let posts =
        (0..50).map(|_| server.post("/platform/databases", json!({"name": "acme", "template": "notes"})));
    let answers = join_all(posts).await;
    let created: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    assert_eq!(created.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        assert_eq!(answer.code(), "ALREADY_EXISTS");
    }
    let files = std::fs::read_dir(server.folder().join("tenants")).unwrap();
    let files: Vec<_> = files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let databases: Vec<_> = files.iter().filter(|name| name.ends_with(".db")).collect();
    assert_eq!(databases, [&format!("{}.db", created[0].json()["id"].as_str().unwrap())]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_creates_nothing() {
    let server = start(&["acme"]).await;
    for name in
        ["", "Acme", "db_1", "a b", "-a", "a\u{0}b", "../a", "a'; DROP TABLE databases; --", &"x".repeat(64)]
    {
        let refused = server.post("/platform/databases", json!({"name": name, "template": "notes"})).await;
        assert_eq!(refused.code(), "INVALID_QUERY", "{name}");
        assert_eq!(refused.json()["errors"][0]["path"], "name");
    }
    let refused = server.post("/platform/databases", json!({"name": "acme", "template": "notes"})).await;
    assert_eq!(refused.code(), "ALREADY_EXISTS");
    let refused = server.post("/platform/databases", json!({"name": "new", "template": "nots"})).await;
    assert_eq!(
        (refused.code().as_str(), &refused.json()["hint"]),
        ("TEMPLATE_NOT_FOUND", &json!("Did you mean `notes`?"))
    );
    for body in [
        json!({"name": "new"}),
        json!({"name": "new", "template": "notes", "rows": []}),
        json!({"name": 1, "template": "notes"}),
    ] {
        assert_eq!(server.post("/platform/databases", body).await.code(), "INVALID_QUERY");
    }
    assert_eq!(server.get("/platform/databases").await.json()["data"].as_array().unwrap().len(), 1);
}
