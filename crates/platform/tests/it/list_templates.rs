//! `GET /platform/templates`.

use serde_json::json;

use crate::{notes, start};

#[tokio::test]
async fn templates_are_listed_by_name_with_version_and_databases() {
    let server = start(&["acme", "globex"]).await;
    let mut other = notes(&["title"]);
    other["name"] = json!("a-first-one");
    server.post("/platform/templates", json!({"template": other})).await;
    let listed = server.get("/platform/templates").await.json();
    assert_eq!(
        listed,
        json!({"data": [
            {"name": "a-first-one", "version": 1, "latest_version": 1, "databases": 0, "created_at": 1_700_000_000},
            {"name": "notes", "version": 1, "latest_version": 1, "databases": 2, "created_at": 1_700_000_000},
        ]})
    );
}
