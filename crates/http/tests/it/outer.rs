//! A handler that panics or never ends costs its own request and nothing else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atomicbase_http::{Json, Metrics, Outer, OuterSettings};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

#[expect(clippy::panic, reason = "it is what is tested")]
async fn panicking() -> &'static str {
    panic!("with a secret")
}

async fn endless() -> &'static str {
    std::future::pending().await
}

async fn taking(Json(value): Json<Value>) -> String {
    value.to_string()
}

/// Paths and statuses, as they were logged.
type Logged = Arc<Mutex<Vec<(String, u16)>>>;

/// A router with these handlers, and its log.
fn router() -> (Router, Logged) {
    let logged = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&logged);
    let settings = OuterSettings {
        body_bytes: 100,
        timeout: Duration::from_millis(50),
        allowed_origins: Vec::new(),
        access_log: Some(Arc::new(move |answered| {
            log.lock().unwrap().push((answered.path.to_owned(), answered.status));
        })),
        unread_bytes: usize::MAX,
    };
    let outer = Outer::new(settings, Arc::new(Metrics::default()));
    let router = Router::new()
        .route("/panicking", get(panicking))
        .route("/endless", get(endless))
        .route("/taking", post(taking))
        .layer(from_fn_with_state(outer, Outer::surround));
    (router, logged)
}

async fn ask(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn get_of(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_panic_is_an_error_of_ours_whose_cause_stays_with_us() {
    let (router, logged) = router();
    for _ in 0..3 {
        let (status, problem) = ask(&router, get_of("/panicking?token=abc")).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (500, Some("INTERNAL")));
        assert!(problem["request_id"].is_string());
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    assert_eq!(*logged.lock().unwrap(), vec![("/panicking".to_owned(), 500); 3]);
}

#[tokio::test]
async fn a_request_has_a_longest_time() {
    let (router, _) = router();
    let (status, problem) = ask(&router, get_of("/endless")).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (408, Some("REQUEST_TIMEOUT")));
}

#[tokio::test]
async fn a_body_without_a_length_is_bounded_too() {
    let (router, _) = router();
    let chunks = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>("[[[[[[[[[[")));
    let request = Request::post("/taking").body(Body::from_stream(chunks)).unwrap();
    let (status, problem) = ask(&router, request).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (413, Some("PAYLOAD_TOO_LARGE")));
}

#[tokio::test]
async fn a_body_in_pieces_is_read_whole() {
    let (router, _) = router();
    let chunks = ["{\"a\"", ":[1,", "2,3]", "}"].map(Ok::<_, std::io::Error>);
    let request =
        Request::post("/taking").body(Body::from_stream(futures_util::stream::iter(chunks))).unwrap();
    assert_eq!(ask(&router, request).await, (StatusCode::OK, serde_json::json!({"a": [1, 2, 3]})));
}
