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
