//! `POST /platform/jobs/{id}/retry`: tries again the databases that a job has set aside.

use atomicbase_core::{Code, Problem};
use atomicbase_http::{Described, Failure, Path, RawBody, parse_json, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{JobRecord, JobStatus, RetriedJob};
use serde::Deserialize;

use crate::Platform;
use crate::answers::{JobAnswer, job_schema};
use crate::reach::Fleet;

/// There is nothing to say; a body may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retry {}

pub(crate) async fn retry_job(
    State(platform): State<Platform>,
    _: Fleet,
    Path(id): Path<String>,
    RawBody(body): RawBody,
) -> Result<Response, Failure> {
    if !body.is_empty() {
        parse_json::<Retry>(&body)?;
    }
    let job = platform.job(&id).await?;
    let retrying = platform.clone();
    let retried = platform.to_the_end(async move { retrying.retry(job).await });
    respond_json(StatusCode::ACCEPTED, &JobAnswer::from(&retried.await?))
}

impl Platform {
    async fn retry(&self, job: JobRecord) -> Result<JobRecord, Problem> {
        match self.directory.retry_job(&job.id).await? {
            RetriedJob::Running(job) => {
                self.jobs.start(job.clone());
                Ok(job)
            }
            RetriedJob::NotFailed => Err(not_failed(&self.job(job.id.as_str()).await?)),
            RetriedJob::AnotherRuns => Err(Problem::new(
                Code::Conflict,
                format!("Another job of `{}` is still running.", job.template),
            )
            .hint("Retry when it has ended.")),
        }
    }
}

fn not_failed(job: &JobRecord) -> Problem {
    let problem = Problem::new(Code::Conflict, format!("{} is {}, not failed.", job.id, job.status.as_str()));
    match job.status {
        JobStatus::Cancelled => problem
            .hint("Its version is cancelled: mend what stood in the way, then push the template again."),
        JobStatus::Completed => problem.hint("There is nothing to try again."),
        _ => problem.hint("Wait until it has ended."),
    }
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Runs a failed job again, over the databases that it set aside.",
        response: (202, job_schema()),
        codes: vec![Code::NotFound, Code::Conflict],
        ..Described::default()
    }
}
