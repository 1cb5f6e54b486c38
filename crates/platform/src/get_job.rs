//! `GET /platform/jobs/{id}`.

use atomicbase_core::{Code, JobId, Problem, shown};
use atomicbase_http::{Described, Failure, Path, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{JobRecord, JobStatus};

use crate::Platform;
use crate::answers::{FailureAnswer, JobAnswer, Reason, job_schema};
use crate::reach::Fleet;

/// Databases that could not be moved, shown with their job.
const FAILURES: u32 = 100;

pub(crate) async fn get_job(
    State(platform): State<Platform>,
    _: Fleet,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let job = platform.job(&id).await?;
    respond_json(StatusCode::OK, &platform.show_job(&job).await?)
}

impl Platform {
    /// The job of this id: as far as it is, where it runs here.
    pub(crate) async fn job(&self, id: &str) -> Result<JobRecord, Problem> {
        let found = match JobId::parse(id) {
            None => None,
            Some(id) => match self.jobs.progress(&id) {
                Some(progress) => Some(progress.borrow().clone()),
                None => self.directory.find_job(&id).await?,
            },
        };
        found.ok_or_else(|| {
            Problem::new(Code::NotFound, format!("There is no job `{}`.", shown(id)))
                .hint("`GET /platform/jobs` lists the jobs.")
        })
    }

    /// A job with the first of the databases that it could not move.
    pub(crate) async fn show_job(&self, job: &JobRecord) -> Result<JobAnswer, Problem> {
        let mut answer = JobAnswer::from(job);
        answer.failures = Some(match (job.failed, job.status) {
            (0, _) => Vec::new(),
            (_, JobStatus::Cancelled) => self.canary_failure(job).await?.into_iter().collect(),
            _ => {
                let failures = self.directory.list_job_failures(&job.id, FAILURES).await?;
                let show = |failure: directory::JobFailure| FailureAnswer {
                    database_id: failure.database.to_string(),
                    database: Some(failure.name.to_string()),
                    error: Reason::new(failure.code, &failure.detail),
                };
                failures.into_iter().map(show).collect()
            }
        });
        Ok(answer)
    }

    /// What a cancelled job met. Its database is as ready as before, so only the job remembers.
    async fn canary_failure(&self, job: &JobRecord) -> Result<Option<FailureAnswer>, Problem> {
        let (Some(id), Some((code, detail))) = (&job.canary, &job.error) else { return Ok(None) };
        let record = self.directory.find_database(id.as_str()).await?;
        Ok(Some(FailureAnswer {
            database_id: id.to_string(),
            database: record.map(|record| record.name.to_string()),
            error: Reason::new(*code, detail),
        }))
    }
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Shows a job, with the first hundred databases that it could not move.",
        response: (200, job_schema()),
        codes: vec![Code::NotFound],
        ..Described::default()
    }
}
