//! `GET /platform/templates/{name}/databases`: the databases made from a template, oldest first.

use atomicbase_core::Code;
use atomicbase_http::{Described, Failure, Path, Query, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{PageQuery, database_schema, list_schema, page_parameters};
use crate::reach::Fleet;

pub(crate) async fn list_template_databases(
    State(platform): State<Platform>,
    _: Fleet,
    Path(name): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Failure> {
    let query = query.without_template()?;
    let template = platform.template(&name).await?;
    respond_json(StatusCode::OK, &platform.databases(Some(&template.name), &query).await?)
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Lists the databases made from a template, oldest first.",
        response: (200, list_schema(database_schema(), true)),
        codes: vec![Code::TemplateNotFound],
        parameters: page_parameters(),
        ..Described::default()
    }
}
