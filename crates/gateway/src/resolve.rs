//! Before a handler runs: the caller, what the route asks of it, and the database that the headers name.

use std::sync::Arc;

use atomicbase_core::{Caller, Code, Problem, Scope};
use atomicbase_http::Failure;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use directory::DatabaseRecord;

use crate::Gateway;
use crate::act_as::act_as;

/// Lets a key with the scope pass.
pub(crate) async fn require_key(
    State((gateway, scope)): State<(Arc<Gateway>, Scope)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let caller = act_as(gateway.authenticate(request.headers()).await?, request.headers())?;
    caller.require(scope)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Lets a caller with a path to the named database pass.
pub(crate) async fn require_database(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let key = gateway.authenticate(request.headers()).await?;
    // The key's own scope counts also where it acts for somebody else.
    key.require(Scope::Data)?;
    let caller = act_as(key, request.headers())?;
    // Nobody in particular has no path to any database.
    caller.data_access()?;
    let database = gateway.database(&caller, request.headers()).await?;
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(database);
    Ok(next.run(request).await)
}

impl Gateway {
    /// The database that the request is about, if the caller reaches it.
    async fn database(&self, caller: &Caller, headers: &HeaderMap) -> Result<Arc<DatabaseRecord>, Problem> {
        let bound = caller.bound_database();
        let mut values = headers.get_all("database").iter();
        let named = values.next().map(|value| value.to_str().unwrap_or_default());
        if values.next().is_some() {
            return Err(Problem::new(
                Code::InvalidQuery,
                "The request carries more than one `Database` header.",
            ));
        }
        let wanted = named.or(bound.map(|id| id.as_str())).ok_or_else(|| {
            Problem::new(Code::DatabaseRequired, "The request names no database.")
                .hint("Send `Database: <id or name>`.")
        })?;
        let found = self.directory.find_database(wanted).await?;
        // A database out of reach answers exactly as one that does not exist.
        found.filter(|record| bound.is_none_or(|id| *id == record.id)).ok_or_else(|| {
            Problem::new(Code::DatabaseNotFound, format!("There is no database `{wanted}`."))
                .hint("Send the id or name of a database as the `Database` header.")
        })
    }
}
