//! A key that is bound to a database reaches it and nothing else; a route that is added later is asked here too.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::create_key::{create, get_as};
use crate::{record, start};

#[tokio::test]
async fn a_bound_key_sees_its_database_and_nothing_of_the_fleet() {
    let server = start(&["mine", "theirs"]).await;
    let created = create(&server, json!({"name": "bound", "scopes": ["platform"], "database": "mine"})).await;
    let key = created["key"].as_str().unwrap();
    let (mine, theirs) = (record(&server, "mine").await, record(&server, "theirs").await);
    for own in ["mine", mine.id.as_str()] {
        assert_eq!(get_as(&server, key, &format!("/platform/databases/{own}")).await.status, StatusCode::OK);
    }
    let mut visited = 0;
    for (method, path, _) in server.routes.iter().filter(|(_, path, _)| path.starts_with("/platform/")) {
        let path = path.replace("{id}", theirs.id.as_str()).replace("{name}", "notes");
        let request = server.request(method.clone(), &path).anonymous();
        let answer = request.header("authorization", &format!("Bearer {key}")).json(json!({})).send().await;
        let one_database = path.starts_with("/platform/databases/");
        let wanted = if one_database { "DATABASE_NOT_FOUND" } else { "FORBIDDEN" };
        assert_eq!(answer.code(), wanted, "{method} {path}");
        visited += 1;
    }
    assert!(visited >= 18);
    let own = server.request(Method::DELETE, "/platform/databases/mine").anonymous();
    let refused = own.header("authorization", &format!("Bearer {key}")).send().await;
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(server.get("/platform/databases").await.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn somebody_whom_a_key_acts_for_does_nothing_here() {
    let server = start(&["acme"]).await;
    for (method, path, _) in server.routes.iter().filter(|(_, path, _)| path.starts_with("/platform/")) {
        let path = path.replace("{id}", "acme").replace("{name}", "notes");
        let request = server.request(method.clone(), &path).header("act-as", "role=owner; user=usr_1");
        assert_eq!(request.json(json!({})).send().await.code(), "FORBIDDEN", "{method} {path}");
        let request = server.request(method.clone(), &path).anonymous();
        assert_eq!(request.json(json!({})).send().await.code(), "UNAUTHENTICATED", "{method} {path}");
    }
}
