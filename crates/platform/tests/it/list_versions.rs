//! `GET /platform/templates/{name}/history`.

use serde_json::json;

use crate::{notes, start};

#[tokio::test]
async fn versions_are_listed_newest_first_with_their_changes_and_jobs() {
    let server = start(&[]).await;
    server.push(notes(&["title", "body"])).await;
    let listed = server.get("/platform/templates/notes/history").await.json();
    let versions: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|version| &version["version"]).collect();
    assert_eq!(versions, [&json!(2), &json!(1)]);
    let newest = &listed["data"][0];
    assert_eq!((&newest["state"], &newest["created_at"]), (&json!("complete"), &json!(1_700_000_000)));
    assert_eq!(newest["changes"][0]["summary"], "+ notes.body (TEXT)");
    assert!(newest["job_id"].as_str().unwrap().starts_with("job_"));
}

#[tokio::test]
async fn an_unknown_template_has_no_history() {
    let server = start(&[]).await;
    assert_eq!(server.get("/platform/templates/other/history").await.code(), "TEMPLATE_NOT_FOUND");
}
