//! `DELETE /platform/databases/{id}`, by id or name. The name stays taken.

use atomicbase_core::{Caller, Code, DatabaseId, Problem};
use atomicbase_http::{Described, Failure, Path, no_content};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use crate::Platform;
use crate::reach::no_database;

pub(crate) async fn delete_database(
    State(platform): State<Platform>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let record = platform.reach_database(&caller, &id).await?;
    if caller.bound_database().is_some() {
        return Err(Problem::new(Code::Forbidden, "A key that is bound to a database may not delete it.")
            .hint("Use a key that is not bound to a database.")
            .into());
    }
    let (deleting, database) = (platform.clone(), record.id.clone());
    let deleted = platform.to_the_end(async move { deleting.delete(&database).await });
    if !deleted.await? {
        return Err(no_database(&id).into());
    }
    Ok(no_content())
}

impl Platform {
    /// Deletes the row first: from then on nobody finds the database, and a restart takes the file away if this one cannot.
    async fn delete(&self, id: &DatabaseId) -> Result<bool, Problem> {
        let deleted = self.directory.delete_database(id).await?;
        if deleted {
            self.drop_file(id).await;
        }
        Ok(deleted)
    }

    /// Moves a deleted database's file to the trash.
    pub(crate) async fn drop_file(&self, id: &DatabaseId) {
        let dropped = match self.tenants.drop_database(id).await {
            Ok(()) => self.directory.record_dropped(id).await,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = dropped {
            let cause = problem.cause().unwrap_or(problem.detail());
            tracing::warn!(
                database = id.as_str(),
                cause,
                "a deleted database's file is left for the next start"
            );
        }
    }
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Deletes a database, by id or name. Its name is not given again.",
        response: (204, Value::Null),
        codes: vec![Code::DatabaseNotFound],
        ..Described::default()
    }
}
