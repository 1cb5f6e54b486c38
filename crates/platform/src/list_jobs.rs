//! `GET /platform/jobs`, newest first.

use atomicbase_core::JobId;
use atomicbase_http::{Described, Failure, Query, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{JobAnswer, List, PageQuery, job_schema, list_schema, page_parameters};
use crate::reach::Fleet;

pub(crate) async fn list_jobs(
    State(platform): State<Platform>,
    _: Fleet,
    Query(query): Query<PageQuery>,
) -> Result<Response, Failure> {
    let query = query.without_template()?;
    let (limit, before) = (query.limit()?, query.cursor(JobId::parse)?);
    let jobs = platform.directory.list_jobs(before.as_ref(), limit + 1).await?;
    let answers = jobs.iter().map(|job| match platform.jobs.progress(&job.id) {
        Some(progress) => JobAnswer::from(&*progress.borrow()),
        None => JobAnswer::from(job),
    });
    respond_json(StatusCode::OK, &List::page(answers.collect(), limit, |last| last.id.clone()))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Lists jobs, newest first.",
        response: (200, list_schema(job_schema(), true)),
        parameters: page_parameters(),
        ..Described::default()
    }
}
