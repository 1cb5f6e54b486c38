//! `GET /platform/jobs`.

use crate::{notes, start};

#[tokio::test]
async fn jobs_are_listed_newest_first_page_by_page() {
    let server = start(&["acme"]).await;
    server.push(notes(&["title", "a"])).await;
    server.push(notes(&["title", "a", "b"])).await;
    let first = server.get("/platform/jobs?limit=2").await.json();
    let versions = |page: &serde_json::Value| -> Vec<u64> {
        page["data"].as_array().unwrap().iter().map(|job| job["version"].as_u64().unwrap()).collect()
    };
    assert_eq!(versions(&first), [3, 2]);
    assert_eq!(first["data"][0]["status"], "completed");
    assert!(first["data"][0].get("failures").is_none());
    let rest = server
        .get(&format!("/platform/jobs?limit=2&cursor={}", first["next"].as_str().unwrap()))
        .await
        .json();
    assert_eq!((versions(&rest), rest.get("next")), (vec![1], None));
    for query in ["limit=x", "cursor=db_1", "template=notes", "status=failed"] {
        assert_eq!(server.get(&format!("/platform/jobs?{query}")).await.code(), "INVALID_QUERY", "{query}");
    }
}
