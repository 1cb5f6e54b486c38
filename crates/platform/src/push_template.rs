//! `POST /platform/templates/{name}/push`: stores the next version and starts the job that brings every database to it.

use atomicbase_core::{Code, Name, Problem};
use atomicbase_http::{Described, Failure, Json, Path, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{JobRecord, NewVersion};
use schema::TemplateJson;
use serde::Deserialize;

use crate::Platform;
use crate::answers::{PushAnswer, push_schema, template_body_schema};
use crate::proposal::Proposal;
use crate::reach::Fleet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Push {
    template: TemplateJson,
    #[serde(default)]
    allow_destructive: bool,
}

pub(crate) async fn push_template(
    State(platform): State<Platform>,
    _: Fleet,
    Path(name): Path<String>,
    Json(push): Json<Push>,
) -> Result<Response, Failure> {
    let proposal = platform.propose_push(&name, push.template).await?;
    if let Some(base) = proposal.base.as_ref().filter(|_| proposal.is_unchanged()) {
        let databases = platform.directory.count_databases(&proposal.name).await?;
        return respond_json(StatusCode::OK, &PushAnswer::unchanged(&base.record, databases));
    }
    proposal.allow(push.allow_destructive)?;
    let job = platform.store_version(&proposal).await?;
    let answer = PushAnswer::stored(&job, proposal.base_version(), &proposal.plan.changes);
    respond_json(StatusCode::ACCEPTED, &answer)
}

impl Platform {
    /// Stores the version with its job, and starts the job.
    async fn store_version(&self, proposal: &Proposal) -> Result<JobRecord, Problem> {
        let (platform, version) = (self.clone(), proposal.version());
        let stored = self.to_the_end(async move {
            let job = platform.store(&version).await?;
            job.iter().for_each(|job| platform.jobs.start(job.clone()));
            Ok(job)
        });
        match stored.await? {
            Some(job) => Ok(job),
            None => {
                // A role may have gone between the look at it and now.
                self.check_roles(&proposal.template).await?;
                Err(self.overtaken(&proposal.name).await?)
            }
        }
    }

    async fn store(&self, version: &NewVersion) -> Result<Option<JobRecord>, Problem> {
        match version.base {
            0 => self.directory.create_template(version).await,
            _ => self.directory.push_version(version).await,
        }
    }

    /// Why a version was not stored although nothing is wrong with it.
    async fn overtaken(&self, template: &Name) -> Result<Problem, Problem> {
        Ok(match self.directory.find_unfinished_job(template).await? {
            Some(job) => Problem::new(
                Code::Conflict,
                format!("{} is still bringing `{template}` to version {}.", job.id, job.version),
            )
            .hint(format!("Push again when it has ended: `atomicbase jobs show {}`.", job.id)),
            None => Problem::new(Code::Conflict, format!("Another push to `{template}` came first."))
                .hint("Look at what it changed with `atomicbase diff`, then push again."),
        })
    }
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Pushes a template: stores the next version and brings every database to it. Creates the template if there is none.",
        request: Some(template_body_schema(true)),
        response: (202, push_schema()),
        also: vec![(200, push_schema())],
        codes: vec![Code::InvalidTemplate, Code::ChangeNotSupported, Code::DestructiveChange, Code::Conflict],
        ..Described::default()
    }
}
