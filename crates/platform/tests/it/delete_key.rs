//! `DELETE /platform/keys/{id}`.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::create_key::{create, get_as};
use crate::start;

#[tokio::test]
async fn a_revoked_key_is_refused_at_the_next_request() {
    let server = start(&[]).await;
    let created = create(&server, json!({"name": "ci", "scopes": ["platform"]})).await;
    let key = created["key"].as_str().unwrap();
    assert_eq!(get_as(&server, key, "/platform/templates").await.status, StatusCode::OK);
    let path = format!("/platform/keys/{}", created["id"].as_str().unwrap());
    assert_eq!(server.request(Method::DELETE, &path).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(get_as(&server, key, "/platform/templates").await.code(), "UNAUTHENTICATED");
    assert_eq!(server.request(Method::DELETE, &path).send().await.code(), "NOT_FOUND");
    assert_eq!(server.request(Method::DELETE, "/platform/keys/key_x").send().await.code(), "NOT_FOUND");
    assert_eq!(server.get("/platform/keys").await.json(), json!({"data": []}));
}
