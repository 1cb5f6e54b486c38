//! A route as data: the gateway mounts it, OpenAPI describes it, the isolation matrix attacks it.

use atomicbase_core::Scope;
use axum::http::Method;
use axum::routing::MethodRouter;

use crate::openapi::Described;

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
