//! `DELETE /platform/databases/{id}`.

use axum::http::{Method, StatusCode};
use futures_util::future::join_all;
use serde_json::json;

use crate::{record, start};

#[tokio::test]
async fn a_deleted_database_is_gone_for_everybody_and_its_name_stays_taken() {
    let server = start(&["acme", "globex"]).await;
    let acme = record(&server, "acme").await;
    let deleted = server.request(Method::DELETE, "/platform/databases/acme").send().await;
    assert_eq!((deleted.status, deleted.bytes.len()), (StatusCode::NO_CONTENT, 0));
    for wanted in ["acme", acme.id.as_str()] {
        let path = format!("/platform/databases/{wanted}");
        assert_eq!(server.get(&path).await.code(), "DATABASE_NOT_FOUND");
        assert_eq!(server.request(Method::DELETE, path).send().await.code(), "DATABASE_NOT_FOUND");
    }
    assert!(server.tenants.open(&acme).await.is_err());
    assert!(!server.folder().join("tenants").join(format!("{}.db", acme.id)).exists());
    let again = server.post("/platform/databases", json!({"name": "acme", "template": "notes"})).await;
    assert_eq!(again.code(), "ALREADY_EXISTS");
    assert_eq!(server.get("/platform/databases").await.json()["data"].as_array().unwrap().len(), 1);
    assert!(server.directory.list_databases_to_drop().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_deletions_one_is_answered_so() {
    let server = start(&["acme"]).await;
    let deletions = (0..50).map(|_| server.request(Method::DELETE, "/platform/databases/acme").send());
    let answers = join_all(deletions).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::NO_CONTENT).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::NOT_FOUND).count(), 49);
}
