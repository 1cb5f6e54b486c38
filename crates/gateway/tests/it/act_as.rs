//! `Act-As` through the router: what is not understood is refused, never ignored.

use axum::http::Method;
use serde_json::json;
use testkit::TestServer;

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let server = TestServer::start().await;
    for (value, code) in [
        ("role=root", "INVALID_QUERY"),
        ("owner", "INVALID_QUERY"),
        ("role=viewer; role=owner", "INVALID_QUERY"),
        ("user=usr_1; org=acme", "NOT_FOUND"),
        ("anonymous", "UNAUTHENTICATED"),
    ] {
        let request = server.request(Method::POST, "/data/query/notes").header("act-as", value);
        assert_eq!(request.json(json!({})).send().await.code(), code, "{value}");
    }
}

#[tokio::test]
async fn nobody_acts_without_a_key() {
    let server = TestServer::start().await;
    let request =
        server.request(Method::POST, "/data/query/notes").anonymous().header("act-as", "role=owner");
    assert_eq!(request.json(json!({})).send().await.code(), "UNAUTHENTICATED");
}
