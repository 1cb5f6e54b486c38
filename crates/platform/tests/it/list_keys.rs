//! `GET /platform/keys`.

use serde_json::json;

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
