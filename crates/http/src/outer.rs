//! What surrounds every request: its id, its log line, its limits, CORS, metrics, and the net under a panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use atomicbase_core::{Code, Problem, RequestId};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use crate::respond::{Failure, REQUEST_ID};
use crate::turns::{Intake, Turns};
use crate::unread::Unread;

/// A request that was answered, for the access log.
pub struct Answered<'a> {
    /// Its id.
    pub request_id: &'a str,
    /// Its method.
    pub method: &'a str,
    /// Its path, as it was sent. The query string is not logged.
    pub path: &'a str,
    /// The answer's status.
    pub status: u16,
    /// Time until the answer began, microseconds.
    pub duration_us: u64,
}

/// Writes a line of the access log.
pub type LogAnswer = Arc<dyn Fn(&Answered<'_>) + Send + Sync>;

/// How the outer layers are set.
pub struct OuterSettings {
    /// Largest request body, bytes.
    pub body_bytes: usize,
    /// Longest a request may take until its answer begins.
    pub timeout: Duration,
    /// Exact origins that browsers may call from.
    pub allowed_origins: Vec<String>,
    /// Where each request is logged, if anywhere.
    pub access_log: Option<LogAnswer>,
    /// What large answers may hold together until their clients take them, bytes.
    pub unread_bytes: usize,
}

/// State of the outer layers, shared by all requests.
#[derive(Clone)]
pub struct Outer {
    unread: Arc<Unread>,
    settings: Arc<OuterSettings>,
    metrics: Arc<Metrics>,
    turns: Option<Arc<Turns>>,
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, Database, Prefer, Idempotency-Key, Act-As");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("X-Request-Id, Retry-After, Template-Version");
/// A day: browsers cap it lower.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("86400");

impl Outer {
    /// The layers with their settings and the counters they feed.
    #[must_use]
    pub fn new(settings: OuterSettings, metrics: Arc<Metrics>) -> Arc<Self> {
        let unread = Unread::new(settings.unread_bytes);
        Arc::new(Self { unread, settings: Arc::new(settings), metrics, turns: None })
    }

    /// The same layers around the requests of one serving thread, whose turns these are.
    #[must_use]
    pub fn on_thread(&self, turns: Arc<Turns>) -> Arc<Self> {
        Arc::new(Self { turns: Some(turns), ..self.clone() })
    }

    /// The middleware: `axum::middleware::from_fn_with_state(outer, Outer::surround)`.
    pub async fn surround(State(outer): State<Arc<Self>>, mut request: Request, next: Next) -> Response {
        let began = Instant::now();
        let request_id = RequestId::new();
        let method = request.method().clone();
        let logged = outer.settings.access_log.as_ref().map(|log| (log, request.uri().clone()));
        let origin = outer.allowed_origin(request.headers());
        request.extensions_mut().insert(Intake::new(outer.settings.body_bytes, outer.turns.clone()));

        let mut response = if is_preflight(&request) {
            preflight(origin.is_some())
        } else {
            let answer = outer.answer(request, next);
            REQUEST_ID.scope(request_id.clone(), answer).await
        };
        if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        outer.add_cors(response.headers_mut(), origin);
        let took = began.elapsed();
        outer.metrics.count(response.status(), took);
        if let Some((log, uri)) = logged {
            log(&Answered {
                request_id: request_id.as_str(),
                method: method.as_str(),
                path: uri.path(),
                status: response.status().as_u16(),
                duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            });
        }
        response
    }

    async fn answer(&self, request: Request, next: Next) -> Response {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
        match tokio::time::timeout(self.settings.timeout, answer).await {
            Ok(Ok(response)) => self.unread.hold(response),
            Ok(Err(panic)) => {
                let words = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned());
                Failure(Problem::internal(format!("a handler panicked: {}", words.unwrap_or_default())))
                    .into_response()
            }
            Err(_) => Failure(
                Problem::new(Code::RequestTimeout, "The request took too long and was given up.")
                    .hint("A write that had begun may still have been made: look before you send it again."),
            )
            .into_response(),
        }
    }

    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let allowed = &self.settings.allowed_origins;
        allowed.iter().any(|known| known.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    fn add_cors(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        if self.settings.allowed_origins.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(allowed: bool) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if allowed {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    }
    response
}

/// Upper bounds of the duration histogram, microseconds.
const BUCKETS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// Counters of the outer layers, rendered for Prometheus.
#[derive(Default)]
pub struct Metrics {
    by_class: [AtomicU64; 6],
    buckets: [AtomicU64; BUCKETS_US.len()],
    total_us: AtomicU64,
}

impl Metrics {
    fn count(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).min(5);
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.total_us.fetch_add(took_us, Ordering::Relaxed);
        if let Some(bucket) = BUCKETS_US.iter().position(|bound| took_us <= *bound) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Text in Prometheus' exposition format; `gauges` are further lines of name, help and value.
    #[must_use]
    pub fn render(&self, gauges: &[(&str, &str, u64)]) -> String {
        use std::fmt::Write as _;
        let mut text = String::from(
            "# HELP atomicbase_http_requests_total Requests answered, by class of status.\n\
             # TYPE atomicbase_http_requests_total counter\n",
        );
        let mut answered = 0;
        for (class, count) in self.by_class.iter().enumerate().skip(1) {
            let count = count.load(Ordering::Relaxed);
            answered += count;
            // Writing into a String cannot fail.
            let _ = writeln!(text, "atomicbase_http_requests_total{{status=\"{class}xx\"}} {count}");
        }
        text.push_str(
            "# HELP atomicbase_http_request_duration_seconds Time until the answer began.\n\
             # TYPE atomicbase_http_request_duration_seconds histogram\n",
        );
        let mut below = 0;
        for (bound, bucket) in BUCKETS_US.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            let seconds = Duration::from_micros(*bound).as_secs_f64();
            let _ =
                writeln!(text, "atomicbase_http_request_duration_seconds_bucket{{le=\"{seconds}\"}} {below}");
        }
        let seconds = Duration::from_micros(self.total_us.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(
            text,
            "atomicbase_http_request_duration_seconds_bucket{{le=\"+Inf\"}} {answered}\n\
             atomicbase_http_request_duration_seconds_sum {seconds}\n\
             atomicbase_http_request_duration_seconds_count {answered}"
        );
        for (name, help, value) in gauges {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        text
    }
}
