//! Whoever comes without a key passes to a database whose policies name `anonymous`, and learns of no other.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::TestServer;

fn template(name: &str, policies: Value) -> Value {
    json!({"format": 1, "name": name, "tables": [{"name": "notes", "primary_key": ["id"],
        "columns": [{"name": "id", "type": "integer"}]}], "policies": policies})
}

/// Databases of templates that name `anonymous`, that name others, and that name nobody.
async fn start() -> TestServer {
    let server = TestServer::start().await;
    for (name, policies) in [
        ("open", json!({"notes": {"anonymous": {"select": true}}})),
        ("shut", json!({"notes": {"viewer": {"select": true}}})),
        ("bare", json!({})),
    ] {
        server.push(template(name, policies)).await;
        server.create_database(&format!("{name}-db"), name).await;
    }
    server
}

/// Status and body, without what differs from request to request.
async fn ask(server: &TestServer, method: Method, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let mut request = server.request(method.clone(), path).anonymous();
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if method == Method::POST {
        request = request.json(json!({}));
    }
    let answer = request.send().await;
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    (answer.status.as_u16(), body)
}

#[tokio::test]
async fn policies_that_name_anonymous_open_their_databases() {
    let server = start().await;
    let key = format!("Bearer {}", testkit::KEY);
    for caller in [vec![], vec![("authorization", key.as_str()), ("act-as", "anonymous")]] {
        let headers: Vec<_> = caller.into_iter().chain([("database", "open-db")]).collect();
        let (status, body) = ask(&server, Method::POST, "/data/query/notes", &headers).await;
        assert_eq!((status, &body["data"]), (200, &json!([])));
        assert_eq!(ask(&server, Method::GET, "/data/schema", &headers).await.0, 200);
    }
}

#[tokio::test]
async fn every_other_database_answers_as_if_none_existed() {
    let server = start().await;
    let missing = format!("db_{}", "0".repeat(32));
    let id = server.get("/platform/databases/shut-db").await.json()["id"].as_str().unwrap().to_owned();
    for (method, path) in
        [(Method::POST, "/data/query/notes"), (Method::POST, "/data/batch"), (Method::GET, "/data/schema")]
    {
        let (status, without) = ask(&server, method.clone(), path, &[]).await;
        assert_eq!((status, &without["code"]), (401, &json!("UNAUTHENTICATED")));
        for database in ["shut-db", "bare-db", "nowhere", &id, &missing, "", "org:acme"] {
            let named = ask(&server, method.clone(), path, &[("database", database)]).await;
            assert_eq!(named, (401, without.clone()), "{path} {database}");
        }
    }
    let at_platform = ask(&server, Method::GET, "/platform/databases", &[("database", "open-db")]).await;
    assert_eq!(at_platform.0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_opens_databases_and_shuts_them_again() {
    let server = start().await;
    let ask = async || {
        let headers = [("database", "bare-db")];
        ask(&server, Method::POST, "/data/query/notes", &headers).await.0
    };
    for (policies, status) in [(json!({"notes": {"anonymous": {"select": true}}}), 200), (json!({}), 401)] {
        server.push(template("bare", policies)).await;
        assert_eq!(ask().await, status);
    }
}

#[tokio::test]
async fn a_key_that_is_not_valid_is_not_nobody() {
    let server = start().await;
    let wrong = format!("Bearer atb_sk_{}", "A".repeat(43));
    let headers = [("authorization", wrong.as_str()), ("database", "open-db")];
    assert_eq!(ask(&server, Method::POST, "/data/query/notes", &headers).await.0, 401);
    let acting = [("act-as", "role=owner"), ("database", "open-db")];
    assert_eq!(ask(&server, Method::POST, "/data/query/notes", &acting).await.0, 401);
}
