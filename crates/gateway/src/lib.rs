//! The one door: who calls, which database, what the route asks for; then the capability's handler.
//! Knows routes as data and no capability by name.

mod act_as;
mod authenticate;
mod operations;
mod rate;
mod resolve;

use std::sync::Arc;

use atomicbase_core::{Clock, Code, DatabaseId, KeyId, Limits, Problem, shown};
use atomicbase_http::{Access, Failure, Metrics, Outer, Route};
use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use directory::Directory;

pub use authenticate::ServiceKey;
pub use operations::{Gauges, operations};

use rate::Buckets;

/// What the door needs to know.
pub struct Gateway {
    directory: Arc<Directory>,
    bootstrap_key: Option<ServiceKey>,
    clock: Clock,
    tenant_rate: Option<Buckets<DatabaseId>>,
    /// By the key's id; the bootstrap key has none.
    key_rate: Option<Buckets<Option<KeyId>>>,
}

impl Gateway {
    /// A door that knows the stored keys and, where configured, the bootstrap key, and lets in as often as the limits say.
    #[must_use]
    pub fn new(
        directory: Arc<Directory>,
        bootstrap_key: Option<ServiceKey>,
        limits: &Limits,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            directory,
            bootstrap_key,
            clock,
            tenant_rate: limits.tenant_rate.map(Buckets::new),
            key_rate: limits.key_rate.map(Buckets::new),
        })
    }
}

/// Mounts the routes, each behind what it asks of its caller, and the outer layers around them all.
pub fn mount(gateway: &Arc<Gateway>, routes: Vec<Route>, outer: Arc<Outer>) -> Router {
    routes
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, guard(gateway, route)))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(outer, Outer::surround))
}

/// Counters for the outer layers, made here so that `operations` can show them.
#[must_use]
pub fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::default())
}

fn guard(gateway: &Arc<Gateway>, route: Route) -> MethodRouter {
    match route.access {
        Access::Public => route.handler,
        Access::Key(scope) => {
            route.handler.layer(from_fn_with_state((Arc::clone(gateway), scope), resolve::require_key))
        }
        Access::Database => {
            route.handler.layer(from_fn_with_state(Arc::clone(gateway), resolve::require_database))
        }
    }
}

async fn not_found(uri: Uri) -> Failure {
    Problem::new(Code::NotFound, format!("There is nothing at `{}`.", shown(uri.path())))
        .hint("`GET /openapi.json` lists every address.")
        .into()
}

async fn method_not_allowed(method: Method, uri: Uri) -> Failure {
    Problem::new(
        Code::MethodNotAllowed,
        format!("`{}` does not answer to {}.", shown(uri.path()), shown(method.as_str())),
    )
    .hint("`GET /openapi.json` lists every address with its methods.")
    .into()
}
