//! A route as data: the gateway mounts it, OpenAPI describes it, the isolation matrix attacks it.

use atomicbase_core::{Code, Scope};
use axum::http::Method;
use axum::routing::MethodRouter;
use serde_json::Value;

/// Who may come in; the gateway checks it before the handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// A service key with this scope.
    Key(Scope),
    /// Any caller with a path to the database that the `Database` header names.
    Database,
}

/// One route of a capability.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path as axum writes it: `/platform/jobs/{id}`.
    pub path: &'static str,
    /// The verb: file, handler, operationId and SDK method share this name.
    pub operation: &'static str,
    /// Who may come in.
    pub access: Access,
    /// What OpenAPI says of it.
    pub described: Described,
    /// The handler with its state.
    pub handler: MethodRouter,
}

/// What OpenAPI says of a route. Schemas are JSON Schema 2020-12.
#[derive(Clone, Default)]
pub struct Described {
    /// One line.
    pub summary: &'static str,
    /// Schema of the request's body, where it has one.
    pub request: Option<Value>,
    /// The request may come without its body.
    pub bare: bool,
    /// Bodies to start from, by name.
    pub examples: Vec<(&'static str, Value)>,
    /// Status and schema of success; a schema of `null` is an answer without body.
    pub response: (u16, Value),
    /// Codes this route can answer with beyond those that every route can.
    pub codes: Vec<Code>,
    /// Query and header parameters: OpenAPI parameter objects.
    pub parameters: Vec<Value>,
    /// Media type of success, when it is not JSON.
    pub media_type: Option<&'static str>,
    /// Further successes: status and schema.
    pub also: Vec<(u16, Value)>,
    /// Another media type of success, for those who accept it, and its schema.
    pub other: Option<(&'static str, Value)>,
    /// Schemas that those above refer to as `#/components/schemas/…`. One name is the same schema wherever it stands.
    pub schemas: Vec<(&'static str, Value)>,
}
