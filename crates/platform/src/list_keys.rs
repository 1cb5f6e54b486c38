//! `GET /platform/keys`: the stored keys, without the keys themselves.

use atomicbase_http::{Described, Failure, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{KeyAnswer, List, key_schema, list_schema};
use crate::reach::Fleet;

pub(crate) async fn list_keys(State(platform): State<Platform>, _: Fleet) -> Result<Response, Failure> {
    let keys = platform.directory.list_keys().await?;
    respond_json(StatusCode::OK, &List::whole(keys.iter().map(KeyAnswer::from).collect()))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Lists the service keys that are not revoked, newest first.",
        response: (200, list_schema(key_schema(false), false)),
        ..Described::default()
    }
}
