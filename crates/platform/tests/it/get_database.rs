//! `GET /platform/databases/{id}`.

use crate::{notes, start};

#[tokio::test]
async fn a_database_is_shown_by_id_and_by_name() {
    let server = start(&[]).await;
    let created = server.create_database("acme", "notes").await;
    for wanted in ["acme", created["id"].as_str().unwrap()] {
        assert_eq!(server.get(&format!("/platform/databases/{wanted}")).await.json(), created);
    }
    for unknown in ["acm", "db_1", "%2e%2e", "a%00", "' OR 1=1".replace(' ', "%20").as_str()] {
        assert_eq!(server.get(&format!("/platform/databases/{unknown}")).await.code(), "DATABASE_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_database_is_shown_at_the_version_it_was_moved_to() {
    let server = start(&["acme"]).await;
    server.push(notes(&["title", "body"])).await;
    assert_eq!(server.get("/platform/databases/acme").await.json()["version"], 2);
}
