//! `POST /platform/templates/{name}/diff`: what a push of this template would change, or why it would be refused.

use atomicbase_core::Code;
use atomicbase_http::{Described, Failure, Json, Path, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schema::TemplateJson;
use serde::Deserialize;

use crate::Platform;
use crate::answers::{DiffAnswer, diff_schema, template_body_schema};
use crate::reach::Fleet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    template: TemplateJson,
}

pub(crate) async fn diff_template(
    State(platform): State<Platform>,
    _: Fleet,
    Path(name): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Failure> {
    let proposal = platform.propose(&name, wanted.template).await?;
    let to_version = match &proposal.base {
        None => 1,
        Some(base) if proposal.is_unchanged() => base.record.latest,
        Some(base) => base.record.newest + 1,
    };
    let answer = DiffAnswer {
        name: &name,
        from_version: proposal.base_version(),
        to_version,
        changes: &proposal.plan.changes,
        destructive: proposal.plan.destructive,
        databases: platform.directory.count_ready_databases(&proposal.name).await?,
    };
    respond_json(StatusCode::OK, &answer)
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Shows what a push of this template would change. Changes nothing.",
        request: Some(template_body_schema(false)),
        response: (200, diff_schema()),
        codes: vec![Code::InvalidTemplate, Code::ChangeNotSupported],
        ..Described::default()
    }
}
