//! `GET /platform/databases/{id}`, by id or name.

use atomicbase_core::{Caller, Code};
use atomicbase_http::{Described, Failure, Path, respond_json};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{DatabaseAnswer, database_schema};

pub(crate) async fn get_database(
    State(platform): State<Platform>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    // What has moved until now is shown at its version.
    platform.directory.flush().await?;
    let record = platform.reach_database(&caller, &id).await?;
    respond_json(StatusCode::OK, &DatabaseAnswer::from(&*record))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Shows a database, by id or name.",
        response: (200, database_schema()),
        codes: vec![Code::DatabaseNotFound],
        ..Described::default()
    }
}
