//! `GET /platform/jobs/{id}/events`: how far a job is, as server-sent events until it has ended.

use std::convert::Infallible;
use std::time::Duration;

use atomicbase_core::{Code, Problem};
use atomicbase_http::{Described, Failure, Path};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use directory::JobRecord;
use futures_util::{Stream, stream};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::Platform;
use crate::reach::Fleet;

/// Between two events: at most ten a second.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two comments on a line where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub(crate) async fn watch_job(
    State(platform): State<Platform>,
    _: Fleet,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let job = platform.job(&id).await?;
    let events = Sse::new(follow(platform, job)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    Ok(events.into_response())
}

/// What the stream does next.
enum Next {
    Show(JobRecord),
    WaitAfter(JobRecord),
    End,
}

/// The job now, at each change, and at its end; cut short when the server stops.
fn follow(platform: Platform, job: JobRecord) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((platform, Next::Show(job)), |(platform, next)| async {
        let job = match next {
            Next::Show(job) => job,
            Next::WaitAfter(seen) => platform.changed(seen).await?,
            Next::End => return None,
        };
        let event = platform.event(&job).await?;
        let next = if job.status.is_final() { Next::End } else { Next::WaitAfter(job) };
        Some((Ok(event), (platform, next)))
    })
}

impl Platform {
    /// The job when it is no longer as it was seen; `None` when the server stops or the job cannot be read.
    async fn changed(&self, seen: JobRecord) -> Option<JobRecord> {
        let mut stopping = self.jobs.stopping();
        tokio::select! {
            changed = self.next_change(seen) => changed,
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }

    async fn next_change(&self, seen: JobRecord) -> Option<JobRecord> {
        loop {
            match self.jobs.progress(&seen.id) {
                Some(progress) => wait(progress, &seen).await,
                // Stored and about to start, or just ended: `tenants.db` says which.
                None => sleep(PAUSE).await,
            }
            let job = self.job(seen.id.as_str()).await.ok()?;
            if job != seen {
                return Some(job);
            }
        }
    }

    async fn event(&self, job: &JobRecord) -> Option<Event> {
        let shown = self
            .show_job(job)
            .await
            .and_then(|shown| serde_json::to_string(&shown).map_err(Problem::internal));
        match shown {
            Ok(data) => Some(Event::default().event("progress").data(data)),
            Err(problem) => {
                let cause = problem.cause().unwrap_or(problem.detail());
                tracing::error!(job = job.id.as_str(), cause, "a stream of a job's events broke off");
                None
            }
        }
    }
}

/// Waits for a change, at least the pause between two events; the end of a job is told at once.
async fn wait(mut progress: watch::Receiver<JobRecord>, seen: &JobRecord) {
    let mut ended = progress.clone();
    let pause = async {
        sleep(PAUSE).await;
        // An error is a job that runs no longer, which is a change too.
        drop(progress.wait_for(|job| job != seen).await);
    };
    tokio::select! {
        () = pause => {}
        _ = ended.wait_for(|job| job.status.is_final()) => {}
    }
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Follows a job: an event `progress` with the job at the start, at each change (at most ten a second) and at its end.",
        response: (
            200,
            json!({
                "type": "object",
                "description": "Each of the server-sent events; comments between them keep the connection open.",
                "required": ["event", "data"],
                "properties": {
                    "event": {"const": "progress"},
                    "data": {"type": "string", "contentMediaType": "application/json", "description": "The job."},
                },
            }),
        ),
        media_type: Some("text/event-stream"),
        codes: vec![Code::NotFound],
        ..Described::default()
    }
}
