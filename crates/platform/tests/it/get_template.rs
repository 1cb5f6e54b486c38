//! `GET /platform/templates/{name}`.

use serde_json::json;

use crate::{notes, start};

#[tokio::test]
async fn a_template_is_shown_with_its_latest_tables() {
    let server = start(&["acme"]).await;
    server.push(notes(&["title", "body"])).await;
    let shown = server.get("/platform/templates/notes").await.json();
    assert_eq!(
        (&shown["version"], &shown["latest_version"], &shown["databases"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert_eq!(shown["template"], notes(&["title", "body"]));
    assert_eq!(shown["hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn an_unknown_template_says_which_may_be_meant() {
    let server = start(&[]).await;
    let refused = server.get("/platform/templates/nots").await;
    assert_eq!(refused.code(), "TEMPLATE_NOT_FOUND");
    assert_eq!(refused.json()["hint"], "Did you mean `notes`?");
    for name in ["something-else", "..", "NOTES", "%00", "%27%20OR%201%3D1"] {
        assert_eq!(
            server.get(&format!("/platform/templates/{name}")).await.code(),
            "TEMPLATE_NOT_FOUND",
            "{name}"
        );
    }
}
