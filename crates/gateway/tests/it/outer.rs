//! The outer layers: ids, CORS, limits, and errors that are always problem+json.

use atomicbase_core::Limits;
use axum::http::Method;
use serde_json::json;
use testkit::TestServer;

#[tokio::test]
async fn every_error_is_a_problem_with_its_request_id() {
    let server = TestServer::start().await;
    for (method, path, code) in [
        (Method::GET, "/nothing/here", "NOT_FOUND"),
        (Method::PUT, "/health", "METHOD_NOT_ALLOWED"),
        (Method::POST, "/data/query/notes", "DATABASE_REQUIRED"),
    ] {
        let answer = server.request(method, path).json(json!({})).send().await;
        assert_eq!(answer.code(), code);
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status.as_u16());
        assert_eq!(answer.headers["x-request-id"].to_str().unwrap(), problem["request_id"]);
        assert!(problem["hint"].is_string(), "{problem}");
    }
}

#[tokio::test]
async fn a_body_is_json_whole_and_not_too_large() {
    let server = TestServer::start_with(Limits { body_bytes: 2_000, ..Limits::default() }).await;
    let post =
        |bytes: &[u8]| server.request(Method::POST, "/platform/databases").bytes(bytes.to_vec()).send();
    assert_eq!(post(b"").await.code(), "INVALID_QUERY");
    assert_eq!(post(b"{\"name\":").await.code(), "INVALID_QUERY");
    assert_eq!(post(&[b' '; 2_001]).await.code(), "PAYLOAD_TOO_LARGE");
    let deep = format!("{{\"template\":{}", "[".repeat(1_000)).into_bytes();
    let deep = server.request(Method::POST, "/platform/templates").bytes(deep).send().await;
    assert_eq!(deep.code(), "QUERY_TOO_DEEP");
    let unknown = post(b"{\"nme\":\"a\",\"template\":\"b\"}").await;
    assert_eq!(unknown.json()["hint"], "Did you mean `name`?");
}

#[tokio::test]
async fn whoever_sends_much_gets_little_back() {
    let server = TestServer::start().await;
    server.push(json!({"format": 1, "name": "notes", "tables": []})).await;
    server.create_database("acme", "notes").await;
    let long = "x".repeat(20_000);
    let filled = |route: &str| {
        let parts = route.split('/').map(|part| if part.starts_with('{') { &long } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut requests = Vec::new();
    for (method, route, _) in &server.routes {
        let request = |path: String| server.request(method.clone(), path);
        requests.extend([
            request(filled(route)).header("database", &long).json(json!({&long: 1})),
            request(filled(route)).header("database", "acme").json(json!({&long: 1})),
            request(filled(route))
                .header("database", "acme")
                .json(json!({"template": {"name": &long, &long: 1}})),
            request(filled(route)).header("act-as", &format!("role={long}")).json(json!({})),
            request(filled(route)).header("act-as", &format!("user={long}")).json(json!({})),
            request(format!("{}?{long}=1&cursor={long}", filled(route))).json(json!({})),
            request(format!("{route}/{long}")).json(json!({})),
            server.request(Method::from_bytes(long.as_bytes()).unwrap(), filled(route)),
        ]);
    }
    for (method, path, body) in [
        (Method::POST, "/platform/databases", json!({"name": &long, "template": "notes"})),
        (Method::POST, "/platform/databases", json!({"name": "a", "template": &long})),
        (Method::POST, "/platform/keys", json!({"name": &long, "scopes": ["data"]})),
        (Method::POST, "/platform/keys", json!({"name": "a", "scopes": [&long]})),
        (Method::POST, "/platform/keys", json!({"name": "a", "scopes": ["data"], "database": &long})),
        (Method::POST, "/platform/keys", json!({"name": "a", "scopes": &long})),
        (Method::PUT, "/platform/settings", json!({"roles": {&long: 1}, &long: 1})),
        (Method::GET, &format!("/platform/databases?template={long}"), json!({})),
        (Method::POST, "/data/batch", json!({"operations": [{"operation": &long, "table": &long}]})),
        (Method::POST, "/data/batch", json!({"operations": [{"operation": "select", "table": &long}]})),
        (Method::POST, "/data/query/notes", json!({"where": [{&long: {"eq": &long}}]})),
    ] {
        requests.push(server.request(method, path).header("database", "acme").json(body));
    }
    let preferring = server.request(Method::POST, "/data/query/notes").header("database", "acme");
    requests.push(preferring.header("prefer", &format!("operation={long}")).json(json!({})));
    for request in requests {
        let answer = request.send().await;
        assert!(answer.status.as_u16() < 500, "{answer:?}");
        if !answer.status.is_success() {
            let text = String::from_utf8_lossy(&answer.bytes);
            assert!(text.len() < 2_000, "{} bytes: {}", text.len(), &text[..500]);
        }
    }
}

#[tokio::test]
async fn only_allowed_origins_are_answered_to() {
    let server = TestServer::start().await;
    let preflight = async |origin: &str| {
        let request =
            server.request(Method::OPTIONS, "/data/query/notes").anonymous().header("origin", origin);
        request.header("access-control-request-method", "POST").send().await
    };
    let allowed = preflight("https://app.test").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://app.test");
    let headers = allowed.headers["access-control-allow-headers"].to_str().unwrap();
    for wanted in ["Authorization", "Content-Type", "Database", "Prefer", "Idempotency-Key"] {
        assert!(headers.contains(wanted), "{wanted}");
    }
    for other in ["https://app.test.evil.test", "https://APP.test", "null", "http://app.test"] {
        assert!(!preflight(other).await.headers.contains_key("access-control-allow-origin"), "{other}");
    }
    let answer = server.request(Method::GET, "/health").header("origin", "https://app.test").send().await;
    assert_eq!(
        answer.headers["access-control-expose-headers"],
        "X-Request-Id, Retry-After, Template-Version"
    );
}

#[tokio::test]
async fn operations_need_no_key() {
    let server = TestServer::start().await;
    for path in ["/health", "/ready", "/metrics", "/openapi.json"] {
        assert_eq!(server.request(Method::GET, path).anonymous().send().await.status, 200, "{path}");
    }
    let metrics = String::from_utf8(server.get("/metrics").await.bytes).unwrap();
    assert!(metrics.contains("atomicbase_http_requests_total{status=\"2xx\"} 4"), "{metrics}");
    let openapi = server.get("/openapi.json").await.json();
    for (method, route, _) in &server.routes {
        assert!(openapi["paths"][route][method.as_str().to_lowercase()].is_object(), "{method} {route}");
    }
}
