//! `POST /platform/templates`: a new template with its first version.

use atomicbase_core::{Code, Problem};
use atomicbase_http::{Described, Failure, Json, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schema::TemplateJson;
use serde::Deserialize;

use crate::Platform;
use crate::answers::{PushAnswer, push_schema, template_body_schema};
use crate::reach::Fleet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTemplate {
    template: TemplateJson,
    /// Taken, so that a push may be sent here as it is; a first version has nothing to lose.
    #[serde(default, rename = "allow_destructive")]
    _allow_destructive: bool,
}

pub(crate) async fn create_template(
    State(platform): State<Platform>,
    _: Fleet,
    Json(new): Json<NewTemplate>,
) -> Result<Response, Failure> {
    let name = new.template.name().unwrap_or_default().to_owned();
    let proposal = platform.propose_push(&name, new.template).await?;
    if proposal.base.is_some() {
        return Err(exists(&name).into());
    }
    let version = proposal.version();
    let storing = platform.clone();
    let stored = platform.to_the_end(async move { storing.directory.create_template(&version).await });
    let Some(job) = stored.await? else {
        // A role may have gone between the look at it and now.
        platform.check_roles(&proposal.template).await?;
        return Err(exists(&name).into());
    };
    respond_json(StatusCode::CREATED, &PushAnswer::stored(&job, None, &proposal.plan.changes))
}

fn exists(name: &str) -> Problem {
    Problem::new(Code::AlreadyExists, format!("There is a template `{name}` already."))
        .hint(format!("Push to it: `POST /platform/templates/{name}/push`."))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Creates a template with its first version.",
        request: Some(template_body_schema(true)),
        response: (201, push_schema()),
        codes: vec![Code::AlreadyExists, Code::InvalidTemplate, Code::ChangeNotSupported],
        ..Described::default()
    }
}
