//! `GET /platform/templates/{name}/databases`.

use serde_json::json;

use crate::{notes, start};

#[tokio::test]
async fn only_databases_of_the_template_are_listed() {
    let server = start(&["acme", "globex"]).await;
    let mut other = notes(&["title"]);
    other["name"] = json!("other");
    server.post("/platform/templates", json!({"template": other})).await;
    server.create_database("elsewhere", "other").await;
    let listed = server.get("/platform/templates/notes/databases").await.json();
    let names: Vec<_> = listed["data"].as_array().unwrap().iter().map(|database| &database["name"]).collect();
    assert_eq!(names, ["acme", "globex"]);
    let page = server.get("/platform/templates/notes/databases?limit=1").await.json();
    let next = page["next"].as_str().unwrap();
    let rest = server.get(&format!("/platform/templates/notes/databases?limit=1&cursor={next}")).await.json();
    assert_eq!((&rest["data"][0]["name"], rest.get("next")), (&json!("globex"), None));
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let server = start(&[]).await;
    assert_eq!(server.get("/platform/templates/other/databases").await.code(), "TEMPLATE_NOT_FOUND");
    assert_eq!(server.get("/platform/templates/notes/databases?template=x").await.code(), "INVALID_QUERY");
}
