//! A server in this process: everything but the socket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use atomicbase_core::{Clock, Limits};
use atomicbase_http::{Outer, OuterSettings, Route};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode};
use db::{EmbeddedStore, WorkerLimits, Workers};
use directory::Directory;
use gateway::{Gateway, ServiceKey};
use http_body_util::BodyExt;
use platform::Platform;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenant::Tenants;
use tower::ServiceExt;

/// The bootstrap key of every test server.
pub const KEY: &str = "atb_sk_test_0123456789_0123456789_0123456789";

/// A server on its own folder. Dropping it fails the test if the program logged a warning or error nobody expected.
pub struct TestServer {
    /// The whole program.
    pub router: Router,
    /// The routes that are mounted, for tests that visit them all.
    pub routes: Vec<(Method, &'static str, atomicbase_http::Access)>,
    /// Time, which stands still.
    pub clock: Clock,
    /// The directory below the routes.
    pub directory: Arc<Directory>,
    /// The tenants below the routes.
    pub tenants: Arc<Tenants>,
    platform: Platform,
    folder: TempDir,
    expected_logs: Vec<String>,
}

/// A request that is being put together.
pub struct Request<'a> {
    server: &'a TestServer,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    key: bool,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
}

impl TestServer {
    /// A server with default limits.
    pub async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    /// A server with other limits.
    pub async fn start_with(limits: Limits) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), limits, 100).await
    }

    /// A server on what an earlier one left behind, with room for `open_databases` open tenants.
    pub async fn start_in(folder: TempDir, limits: Limits, open_databases: usize) -> Self {
        crate::log::watch();
        let clock = Clock::fixed(1_700_000_000);
        let workers = Workers::start_with(WorkerLimits {
            connections: 1_000,
            tenant_concurrency: limits.tenant_concurrency,
            waiting: limits.waiting_requests,
        })
        .unwrap();
        let path = folder.path().join("tenants.db");
        let infrastructure = db::open_infrastructure(&workers, &path, directory::MIGRATIONS).unwrap();
        let directory = Arc::new(Directory::open(infrastructure, clock.clone()).await.unwrap());
        let store = EmbeddedStore::open(&folder.path().join("tenants"), workers).unwrap();
        let tenants = Tenants::new(Arc::new(store), Arc::clone(&directory), clock.clone(), open_databases);
        let platform = Platform::new(Arc::clone(&directory), Arc::clone(&tenants), clock.clone());
        let data = data::Data::new(Arc::clone(&tenants), limits.clone(), directory.secret());

        let mut routes: Vec<Route> = platform::routes(&platform);
        routes.extend(data::routes(&data));
        let metrics = gateway::metrics();
        let gauges: gateway::Gauges = Arc::new(Vec::new);
        routes.extend(gateway::operations(Arc::clone(&directory), Arc::clone(&metrics), gauges, &routes));
        let listed = routes.iter().map(|route| (route.method.clone(), route.path, route.access)).collect();
        let outer = OuterSettings {
            body_bytes: limits.body_bytes,
            timeout: limits.request_timeout + Duration::from_secs(5),
            allowed_origins: vec!["https://app.test".to_owned()],
            access_log: None,
            unread_bytes: 256 * 1024 * 1024,
        };
        let gateway = Gateway::new(Arc::clone(&directory), ServiceKey::parse(KEY), &limits, clock.clone());
        let router = gateway::mount(&gateway, routes, Outer::new(outer, metrics));
        platform.resume_jobs().await.unwrap();
        Self {
            router,
            routes: listed,
            clock,
            directory,
            tenants,
            platform,
            folder,
            expected_logs: Vec::new(),
        }
    }

    /// Where the server keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A warning or error with these words is expected.
    pub fn expect_log(&mut self, words: &str) {
        self.expected_logs.push(words.to_owned());
    }

    /// A request with the bootstrap key.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'_> {
        let path = path.into();
        Request { server: self, method, path, headers: Vec::new(), body: Vec::new(), key: true }
    }

    /// GET with the bootstrap key.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// POST of JSON with the bootstrap key.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path).json(body).send().await
    }

    /// A request to the data API: `prefer` is e.g. `operation=insert`.
    pub async fn query(&self, database: &str, table: &str, prefer: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, format!("/data/query/{table}")).header("database", database);
        request.header("prefer", prefer).json(body).send().await
    }

    /// Pushes a template (destructive changes allowed) and waits until its job has ended; answers the job.
    pub async fn push(&self, template: Value) -> Value {
        let name = template["name"].as_str().unwrap().to_owned();
        let body = json!({"template": template, "allow_destructive": true});
        let pushed = self.post(&format!("/platform/templates/{name}/push"), body).await;
        assert!(pushed.status.is_success(), "{pushed:?}");
        match pushed.json()["job_id"].as_str() {
            Some(job) => self.finish_job(job).await,
            None => Value::Null,
        }
    }

    /// Follows a job's events to their end; answers the last one.
    pub async fn finish_job(&self, job: &str) -> Value {
        let events = self.get(&format!("/platform/jobs/{job}/events")).await;
        assert_eq!(events.status, StatusCode::OK, "{events:?}");
        let text = String::from_utf8(events.bytes).unwrap();
        let last = text.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap();
        serde_json::from_str(last).unwrap()
    }

    /// Creates a database; answers it.
    pub async fn create_database(&self, name: &str, template: &str) -> Value {
        let created = self.post("/platform/databases", json!({"name": name, "template": template})).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
        created.json()
    }

    /// Stops the server and hands its folder on, for the next one to start from.
    pub async fn stop(mut self) -> TempDir {
        self.platform.stop().await;
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let unexpected: Vec<String> = crate::log::take()
            .into_iter()
            .filter(|line| !self.expected_logs.iter().any(|words| line.contains(words)))
            .collect();
        if !unexpected.is_empty() && !std::thread::panicking() {
            panic!("the program logged what the test did not expect:\n{}", unexpected.join("\n"));
        }
    }
}

impl Request<'_> {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn json(self, body: Value) -> Self {
        self.bytes(body.to_string().into_bytes()).header("content-type", "application/json")
    }

    /// Sets the body as bytes.
    #[must_use]
    pub fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Sends no key.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.key = false;
        self
    }

    /// Sends it and reads the answer.
    pub async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// Sends it; the answer's body is read by the caller, part by part.
    pub async fn open(self) -> axum::response::Response {
        let mut builder = axum::http::Request::builder().method(self.method).uri(self.path);
        if self.key {
            builder = builder.header("authorization", format!("Bearer {KEY}"));
        }
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(Body::from(self.body)).unwrap();
        self.server.router.clone().oneshot(request).await.unwrap()
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {:?}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The error's code; fails where it is no problem+json.
    pub fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        self.json()["code"].as_str().unwrap().to_owned()
    }
}
