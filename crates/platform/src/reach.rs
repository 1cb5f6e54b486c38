//! How far a caller reaches: a key that is bound to one database sees that database, and nothing of the fleet.

use std::sync::Arc;

use atomicbase_core::{Caller, Code, Problem, shown};
use atomicbase_http::Failure;
use axum::Extension;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use directory::DatabaseRecord;

use crate::Platform;

/// A caller who may do what concerns more than one database. Verbs of that kind ask for it in their arguments.
pub(crate) struct Fleet(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Fleet {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let caller = Extension::<Caller>::from_request_parts(parts, state).await;
        let Extension(caller) = caller.map_err(Problem::internal)?;
        match caller.bound_database() {
            None => Ok(Self(caller)),
            Some(_) => {
                Err(Problem::new(Code::Forbidden, "This key is bound to one database and may not do this.")
                    .hint("Use a key that is not bound to a database.")
                    .into())
            }
        }
    }
}

impl Platform {
    /// The database of this id or name, if the caller reaches it. One out of reach answers as one that does not exist.
    pub(crate) async fn reach_database(
        &self,
        caller: &Caller,
        id_or_name: &str,
    ) -> Result<Arc<DatabaseRecord>, Problem> {
        let found = self.directory.find_database(id_or_name).await?;
        let bound = caller.bound_database();
        found.filter(|record| bound.is_none_or(|id| *id == record.id)).ok_or_else(|| no_database(id_or_name))
    }
}

pub(crate) fn no_database(id_or_name: &str) -> Problem {
    Problem::new(Code::DatabaseNotFound, format!("There is no database `{}`.", shown(id_or_name)))
        .hint("`GET /platform/databases` lists the databases.")
}
