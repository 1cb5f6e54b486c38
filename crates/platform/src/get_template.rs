//! `GET /platform/templates/{name}`: a template as its latest version has it.

use atomicbase_core::Code;
use atomicbase_http::{Described, Failure, Path, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{TemplateAnswer, template_schema};
use crate::reach::Fleet;

pub(crate) async fn get_template(
    State(platform): State<Platform>,
    _: Fleet,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let template = platform.template(&name).await?;
    let latest = platform.directory.find_version(&name, template.latest).await?;
    let databases = platform.directory.count_databases(&template.name).await?;
    let mut answer = TemplateAnswer::new(&template, databases);
    answer.template = Some(&latest.template);
    answer.hash = Some(&latest.hash);
    respond_json(StatusCode::OK, &answer)
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Shows a template with its latest version's tables.",
        response: (200, template_schema(true)),
        codes: vec![Code::TemplateNotFound],
        ..Described::default()
    }
}
