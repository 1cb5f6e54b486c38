//! `GET /platform/databases`.

use serde_json::json;

use crate::start;

#[tokio::test]
async fn pages_follow_each_other_oldest_first() {
    let server = start(&["a", "b", "c", "d", "e"]).await;
    let mut names = Vec::new();
    let mut path = "/platform/databases?limit=2".to_owned();
    loop {
        let page = server.get(&path).await.json();
        names.extend(page["data"].as_array().unwrap().iter().map(|database| database["name"].clone()));
        let Some(next) = page.get("next") else { break };
        path = format!("/platform/databases?limit=2&cursor={}", next.as_str().unwrap());
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn a_list_is_narrowed_to_a_template() {
    let server = start(&["a"]).await;
    assert_eq!(server.get("/platform/databases?template=notes").await.json()["data"][0]["name"], "a");
    assert_eq!(server.get("/platform/databases?template=other").await.code(), "TEMPLATE_NOT_FOUND");
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let server = start(&["a"]).await;
    for query in ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=db_x", "page=2", "limit=1&limit=2"]
    {
        let refused = server.get(&format!("/platform/databases?{query}")).await;
        assert_eq!(refused.code(), "INVALID_QUERY", "{query}");
    }
    let after_all = format!("/platform/databases?cursor=db_{}", "f".repeat(32));
    assert_eq!(server.get(&after_all).await.json(), json!({"data": []}));
}
