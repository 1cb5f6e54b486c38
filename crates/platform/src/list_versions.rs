//! `GET /platform/templates/{name}/history`: a template's versions, newest first.

use atomicbase_core::Code;
use atomicbase_http::{Described, Failure, Path, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{List, VersionAnswer, list_schema, version_schema};
use crate::reach::Fleet;

pub(crate) async fn list_versions(
    State(platform): State<Platform>,
    _: Fleet,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let template = platform.template(&name).await?;
    let versions = platform.directory.list_versions(&template.name).await?;
    respond_json(StatusCode::OK, &List::whole(versions.iter().map(VersionAnswer::from).collect()))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Lists a template's versions with what each changed, newest first.",
        response: (200, list_schema(version_schema(), false)),
        codes: vec![Code::TemplateNotFound],
        ..Described::default()
    }
}
