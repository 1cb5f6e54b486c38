//! The data API: rows of tenant databases over HTTP. This file is its route table, nothing else.
//! Knows no other capability and opens no database itself.

mod describe_schema;
mod export_rows;
mod openapi;
mod preferences;
mod query_rows;
mod run;
mod run_batch;

use std::sync::Arc;

use atomicbase_core::Limits;
use atomicbase_http::{Access, Route};
use axum::http::Method;
use axum::routing::{get, post};
use tenant::Tenants;

/// What the verbs need. Clones share everything.
#[derive(Clone)]
pub struct Data {
    tenants: Arc<Tenants>,
    limits: Arc<Limits>,
    /// Signs cursors.
    secret: [u8; 32],
}

impl Data {
    /// The data API over these tenants, within these limits. Cursors are signed with the project's secret.
    #[must_use]
    pub fn new(tenants: Arc<Tenants>, limits: Limits, secret: [u8; 32]) -> Self {
        Self { tenants, limits: Arc::new(limits), secret }
    }
}

/// The routes.
#[must_use]
pub fn routes(data: &Data) -> Vec<Route> {
    vec![
        Route {
            method: Method::POST,
            path: "/data/query/{table}",
            operation: "query_rows",
            access: Access::Database,
            described: openapi::query_rows(),
            handler: post(query_rows::query_rows).with_state(data.clone()),
        },
        Route {
            method: Method::POST,
            path: "/data/batch",
            operation: "run_batch",
            access: Access::Database,
            described: openapi::run_batch(),
            handler: post(run_batch::run_batch).with_state(data.clone()),
        },
        Route {
            method: Method::GET,
            path: "/data/schema",
            operation: "describe_schema",
            access: Access::Database,
            described: openapi::describe_schema(),
            handler: get(describe_schema::describe_schema).with_state(data.clone()),
        },
        Route {
            method: Method::GET,
            path: "/data/schema/{table}",
            operation: "describe_table",
            access: Access::Database,
            described: openapi::describe_table(),
            handler: get(describe_schema::describe_table).with_state(data.clone()),
        },
    ]
}
