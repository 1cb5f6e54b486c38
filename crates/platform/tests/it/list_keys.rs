//! `GET /platform/keys`.

use axum::http::Method;
use serde_json::{Value, json};

use crate::create_key::create;
use crate::start;

#[tokio::test]
async fn keys_are_listed_newest_first_without_the_keys() {
    let server = start(&[]).await;
    let first = create(&server, json!({"name": "first", "scopes": ["data"]})).await;
    let second = create(&server, json!({"name": "second", "scopes": ["platform"]})).await;
    let listed = server.get("/platform/keys").await;
    let names: Vec<_> =
        listed.json()["data"].as_array().unwrap().iter().map(|key| key["name"].clone()).collect();
    assert_eq!(names, ["second", "first"]);
    let text = String::from_utf8(listed.bytes).unwrap();
    for created in [first, second] {
        assert!(!text.contains(created["key"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn many_keys_are_listed_page_by_page() {
    let server = start(&[]).await;
    let mut made = Vec::new();
    for name in ["a", "b", "c", "d"] {
        made.push(create(&server, json!({"name": name, "scopes": ["data"]})).await);
    }
    let names = |page: &Value| -> Vec<Value> {
        page["data"].as_array().unwrap().iter().map(|key| key["name"].clone()).collect()
    };
    let first = server.get("/platform/keys?limit=2").await.json();
    assert_eq!(names(&first), ["d", "c"]);
    // A page goes on behind its cursor, also where that key is revoked since, and leaves out what is.
    for revoked in [&made[2], &made[1]] {
        let path = format!("/platform/keys/{}", revoked["id"].as_str().unwrap());
        assert_eq!(server.request(Method::DELETE, path).send().await.status, 204);
    }
    let next = first["next"].as_str().unwrap();
    let rest = server.get(&format!("/platform/keys?limit=2&cursor={next}")).await.json();
    assert_eq!((names(&rest), rest.get("next")), (vec![json!("a")], None));
    for query in ["limit=0", "cursor=job_1", "template=notes", "scope=data"] {
        assert_eq!(server.get(&format!("/platform/keys?{query}")).await.code(), "INVALID_QUERY", "{query}");
    }
}
