//! `GET /platform/templates`.

use atomicbase_http::{Described, Failure, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{List, TemplateAnswer, list_schema, template_schema};
use crate::reach::Fleet;

pub(crate) async fn list_templates(State(platform): State<Platform>, _: Fleet) -> Result<Response, Failure> {
    let templates = platform.directory.list_templates().await?;
    let answers = templates.iter().map(|summary| TemplateAnswer::new(&summary.template, summary.databases));
    respond_json(StatusCode::OK, &List::whole(answers.collect()))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Lists all templates by name.",
        response: (200, list_schema(template_schema(false), false)),
        ..Described::default()
    }
}
