//! Jobs: one push over its databases, from stored to complete, durable at each step.

use atomicbase_core::{Code, JobId, Name, Problem};
use db::{Batch, ErrorKind, Outcome};

use crate::cache::VersionKey;
use crate::records::{JobFailure, JobRecord, VersionState};
use crate::store::{self, Row};
use crate::templates::read_job;
use crate::{Directory, Shared};

/// What became of the wish to run a job again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetriedJob {
    /// It runs, and its databases are no longer set aside.
    Running(JobRecord),
    /// It has not failed.
    NotFailed,
    /// Another job of the template is unfinished.
    AnotherRuns,
}

impl Directory {
    /// The job of this id.
    pub async fn find_job(&self, id: &JobId) -> Result<Option<JobRecord>, Problem> {
        self.shared.job(store::jobs::find(id)).await
    }

    /// The template's job that is not finished; there is at most one.
    pub async fn find_unfinished_job(&self, template: &Name) -> Result<Option<JobRecord>, Problem> {
        self.shared.job(store::jobs::find_unfinished(template)).await
    }

    /// A page of jobs, newest first.
    pub async fn list_jobs(&self, before: Option<&JobId>, limit: u32) -> Result<Vec<JobRecord>, Problem> {
        self.shared.jobs(store::jobs::list(before, limit)).await
    }

    /// Jobs that wait or run, oldest first.
    pub async fn list_unfinished_jobs(&self) -> Result<Vec<JobRecord>, Problem> {
        self.shared.jobs(store::jobs::list_unfinished()).await
    }

    /// Databases that a job has set aside now, at most `limit`.
    pub async fn list_job_failures(&self, job: &JobId, limit: u32) -> Result<Vec<JobFailure>, Problem> {
        let rows = self.shared.read(store::databases::list_set_aside(job, limit)).await?;
        rows.into_iter().map(|mut row| store::databases::read_failure(&mut row)).collect()
    }

    /// Marks a job as running and its version as in canary, and names the canary: `None` when no database is to be moved.
    pub async fn begin_job(
        &self,
        id: &JobId,
        template: &Name,
        version: u32,
    ) -> Result<Option<JobRecord>, Problem> {
        let batch = Batch::write()
            .with(store::jobs::begin(id))
            .with(store::templates::set_state(id, VersionState::Canary));
        let outcome = self.shared.write(batch, forget_version(template, version)).await?;
        read_job(&outcome, 0)
    }

    /// Releases a job's version: when this returns, every request finds the database's template at it.
    pub async fn release_version(&self, job: &JobRecord) -> Result<(), Problem> {
        let batch = Batch::write()
            .with(store::jobs::fix_total(&job.id))
            .with(store::templates::set_state(&job.id, VersionState::Released));
        self.shared.write(batch, forget_version(&job.template, job.version)).await?;
        Ok(())
    }

    /// Cancels a job and its version because of its canary. The canary is as ready as it was before.
    pub async fn cancel_version(
        &self,
        job: &JobRecord,
        code: Code,
        detail: &str,
    ) -> Result<Option<JobRecord>, Problem> {
        let batch = Batch::write()
            .with(store::jobs::cancel(&job.id, (code, detail), self.shared.clock.now()))
            .with(store::templates::set_state(&job.id, VersionState::Cancelled))
            .with(store::databases::clear_set_asides_of_cancelled(&job.id));
        let forget = forget_version(&job.template, job.version);
        let forget = move |shared: &Shared, outcome: &Outcome| {
            forget(shared, outcome);
            forget_cleared(shared, outcome, 2);
        };
        let outcome = self.shared.write(batch, forget).await?;
        read_job(&outcome, 0)
    }

    /// Counts a running job's progress from its databases, and writes it down.
    pub async fn count_job_progress(&self, id: &JobId) -> Result<Option<JobRecord>, Problem> {
        self.flush().await?;
        let batch = Batch::write().with(store::jobs::count_progress(id));
        let outcome = self.shared.write(batch, |_, _| ()).await?;
        read_job(&outcome, 0)
    }

    /// Ends a job, completed or failed; `None` while a database is still to be moved.
    pub async fn finish_job(&self, job: &JobRecord) -> Result<Option<JobRecord>, Problem> {
        self.flush().await?;
        let batch = Batch::write()
            .with(store::jobs::count_progress(&job.id))
            .with(store::jobs::finish(&job.id, self.shared.clock.now()))
            .with(store::templates::complete(&job.id));
        let outcome = self.shared.write(batch, forget_version(&job.template, job.version)).await?;
        read_job(&outcome, 1)
    }

    /// Opens a failed job again, with the databases that it set aside.
    pub async fn retry_job(&self, id: &JobId) -> Result<RetriedJob, Problem> {
        let batch = Batch::write()
            .with(store::databases::clear_set_asides_of_failed(id))
            .with(store::jobs::reopen(id));
        let written = self.shared.write(batch, |shared, outcome| forget_cleared(shared, outcome, 0)).await;
        match written {
            Ok(outcome) => Ok(read_job(&outcome, 1)?.map_or(RetriedJob::NotFailed, RetriedJob::Running)),
            Err(error) if matches!(error.kind, ErrorKind::Unique(_)) => Ok(RetriedJob::AnotherRuns),
            Err(error) => Err(error.into()),
        }
    }
}

fn forget_version(template: &Name, version: u32) -> impl FnOnce(&Shared, &Outcome) + Send + 'static {
    let key = VersionKey { template: template.clone(), version };
    move |shared, _| {
        shared.versions.forget(&key);
        shared.templates.forget(&key.template);
    }
}

/// Databases whose ids a statement returned are no longer what the cache says.
fn forget_cleared(shared: &Shared, outcome: &Outcome, statement: usize) {
    for mut row in Row::of(outcome, statement) {
        match row.database_id() {
            Ok(id) => shared.databases.forget(&id),
            Err(_) => shared.databases.forget_all(),
        }
    }
}

impl Shared {
    async fn job(&self, statement: db::Statement) -> Result<Option<JobRecord>, Problem> {
        Ok(self.jobs(statement).await?.pop())
    }

    async fn jobs(&self, statement: db::Statement) -> Result<Vec<JobRecord>, Problem> {
        let rows = self.read(statement).await?;
        rows.into_iter().map(|mut row| store::jobs::read(&mut row)).collect()
    }
}
