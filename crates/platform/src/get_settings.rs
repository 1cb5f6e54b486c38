//! `GET /platform/settings`: what holds for the whole project.

use atomicbase_http::{Described, Failure, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::settings_schema;
use crate::reach::Fleet;

pub(crate) async fn get_settings(State(platform): State<Platform>, _: Fleet) -> Result<Response, Failure> {
    respond_json(StatusCode::OK, &*platform.directory.settings().await?)
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Shows the project's settings. Members that were never set are absent.",
        response: (200, settings_schema()),
        ..Described::default()
    }
}
