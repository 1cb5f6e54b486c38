//! `POST /platform/templates/{name}/diff`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{columns, notes, start};

async fn diff(server: &testkit::TestServer, template: &Value) -> testkit::Answer {
    server.post("/platform/templates/notes/diff", json!({"template": template})).await
}

#[tokio::test]
async fn a_diff_says_what_a_push_would_do_and_does_nothing() {
    let server = start(&["acme", "globex"]).await;
    let answer = diff(&server, &notes(&["title", "body"])).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.json();
    assert_eq!(body["changes"][0]["summary"], "+ notes.body (TEXT)");
    assert_eq!((&body["from_version"], &body["to_version"]), (&json!(1), &json!(2)));
    assert_eq!((&body["destructive"], &body["databases"]), (&json!(false), &json!(2)));
    assert_eq!(server.get("/platform/templates/notes").await.json()["latest_version"], 1);
    assert!(!columns(&server, "acme").await.contains("body"));
}

#[tokio::test]
async fn no_difference_stays_at_its_version() {
    let server = start(&["acme"]).await;
    let body = diff(&server, &notes(&["title"])).await.json();
    assert_eq!(
        (&body["from_version"], &body["to_version"], &body["changes"]),
        (&json!(1), &json!(1), &json!([]))
    );
}

#[tokio::test]
async fn a_new_template_comes_from_nothing() {
    let server = testkit::TestServer::start().await;
    let body = diff(&server, &notes(&["title"])).await.json();
    assert_eq!(
        (&body["from_version"], &body["to_version"], &body["databases"]),
        (&Value::Null, &json!(1), &json!(0))
    );
}

#[tokio::test]
async fn lost_data_is_told_before_it_is_lost() {
    let server = start(&["acme"]).await;
    let body = diff(&server, &notes(&[])).await.json();
    assert_eq!(body["destructive"], true);
    assert_eq!(body["changes"][0]["destructive"], true);
}

#[tokio::test]
async fn what_a_push_refuses_a_diff_refuses() {
    let server = start(&["acme"]).await;
    let mut retyped = notes(&["title"]);
    retyped["tables"][0]["columns"][1]["type"] = json!("integer");
    let refused = diff(&server, &retyped).await;
    assert_eq!(refused.code(), "CHANGE_NOT_SUPPORTED");
    assert_eq!(refused.json()["errors"][0]["path"], "notes.title");
    let mut renamed = notes(&["title"]);
    renamed["name"] = json!("other");
    assert_eq!(diff(&server, &renamed).await.code(), "INVALID_TEMPLATE");
    let unknown =
        server.post("/platform/templates/notes/diff", json!({"template": notes(&[]), "x": 1})).await;
    assert_eq!(unknown.code(), "INVALID_QUERY");
}
