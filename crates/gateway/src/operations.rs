//! `/health`, `/ready`, `/metrics`, `/openapi.json`: what an operator's tools ask, without a key.

use std::sync::Arc;

use atomicbase_core::{Code, Problem};
use atomicbase_http::{Access, Described, Failure, Metrics, Route, openapi, respond_json_bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use directory::Directory;
use serde_json::{Value, json};

/// Numbers that are read when `/metrics` is asked: name, help, value.
pub type Gauges = Arc<dyn Fn() -> Vec<(&'static str, &'static str, u64)> + Send + Sync>;

/// The four routes. `others` are all further routes, for the OpenAPI document.
#[must_use]
pub fn operations(
    directory: Arc<Directory>,
    metrics: Arc<Metrics>,
    gauges: Gauges,
    others: &[Route],
) -> Vec<Route> {
    let status = |word: &str| json!({"type": "object", "properties": {"status": {"const": word}}});
    let text = Described {
        summary: "Counters in Prometheus' text format",
        response: (200, json!({"type": "string"})),
        media_type: Some("text/plain"),
        ..Described::default()
    };
    let mut routes = vec![
        Route {
            method: Method::GET,
            path: "/health",
            operation: "get_health",
            access: Access::Public,
            described: described("Whether the process answers", status("ok"), vec![]),
            handler: get(get_health),
        },
        Route {
            method: Method::GET,
            path: "/ready",
            operation: "get_ready",
            access: Access::Public,
            described: described("Whether requests can be served", status("ready"), vec![Code::Unavailable]),
            handler: get(get_ready).with_state(directory),
        },
        Route {
            method: Method::GET,
            path: "/metrics",
            operation: "get_metrics",
            access: Access::Public,
            described: text,
            handler: get(get_metrics).with_state((metrics, gauges)),
        },
        Route {
            method: Method::GET,
            path: "/openapi.json",
            operation: "get_openapi",
            access: Access::Public,
            described: described("This document", json!({"type": "object"}), vec![]),
            handler: get(get_openapi).with_state(Arc::new(Vec::new())),
        },
    ];
    let document = openapi(others.iter().chain(&routes));
    if let Some(route) = routes.last_mut() {
        route.handler = get(get_openapi).with_state(Arc::new(document.to_string().into_bytes()));
    }
    routes
}

fn described(summary: &'static str, schema: Value, codes: Vec<Code>) -> Described {
    Described { summary, response: (200, schema), codes, ..Described::default() }
}

async fn get_health() -> Response {
    respond_json_bytes(StatusCode::OK, br#"{"status":"ok"}"#.to_vec())
}

async fn get_ready(State(directory): State<Arc<Directory>>) -> Result<Response, Failure> {
    directory.check().await.map_err(|problem| {
        Problem::new(Code::Unavailable, "The infrastructure database does not answer.").because(problem)
    })?;
    Ok(respond_json_bytes(StatusCode::OK, br#"{"status":"ready"}"#.to_vec()))
}

async fn get_metrics(State((metrics, gauges)): State<(Arc<Metrics>, Gauges)>) -> Response {
    let text = metrics.render(&gauges());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

async fn get_openapi(State(document): State<Arc<Vec<u8>>>) -> Response {
    respond_json_bytes(StatusCode::OK, document.to_vec())
}
