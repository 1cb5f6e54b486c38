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

#[tokio::test]
async fn the_projects_own_roles_are_known_as_soon_as_they_are_set() {
    let server = TestServer::start().await;
    let ask = async || {
        let request = server.request(Method::POST, "/data/query/notes").header("act-as", "role=editor");
        request.header("database", "nowhere").json(json!({})).send().await.code()
    };
    let set = async |settings| {
        let request = server.request(Method::PUT, "/platform/settings");
        assert_eq!(request.json(settings).send().await.status, 200);
    };
    assert_eq!(ask().await, "INVALID_QUERY");
    set(json!({"roles": {"editor": {}}})).await;
    assert_eq!(ask().await, "DATABASE_NOT_FOUND");
    set(json!({})).await;
    assert_eq!(ask().await, "INVALID_QUERY");
}
