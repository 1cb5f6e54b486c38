//! One push on its way: canary, release, sweep, end. Each step is durable before the next begins, and each may be taken again
//! after a crash: a database that has moved says so itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use atomicbase_core::{Code, Problem};
use directory::{DatabaseRecord, Directory, JobRecord, VersionState};
use futures_util::future::join_all;
use tenant::{MoveError, Tenants};
use tokio::sync::watch;
use tokio::time::sleep;

use super::queue::Queue;

/// Databases moved at the same time. Measured: more threads than this wait for the same cores.
const MOVERS: usize = 16;
/// Waits between the attempts on one database.
const ATTEMPTS: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];
/// How long a job that cannot go on stands still.
const STANDSTILL: Duration = Duration::from_secs(5);
/// How often a running job's progress is written down.
const COUNT: Duration = Duration::from_secs(1);

pub(crate) struct Run {
    directory: Arc<Directory>,
    tenants: Arc<Tenants>,
    progress: watch::Sender<JobRecord>,
    stopping: watch::Receiver<bool>,
    counted_at: Mutex<Instant>,
}

/// What became of one database.
enum Fate {
    Moved,
    /// It was deleted meanwhile.
    Gone,
    /// It stays where it is.
    Stays(Problem),
}

impl Run {
    pub(crate) fn new(
        directory: Arc<Directory>,
        tenants: Arc<Tenants>,
        progress: watch::Sender<JobRecord>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self { directory, tenants, progress, stopping, counted_at: Mutex::new(Instant::now()) }
    }

    /// Runs until the job has ended or the server stops.
    pub(crate) async fn run(mut self) {
        while let Err(problem) = self.go_on().await {
            let cause = problem.cause().unwrap_or(problem.detail());
            let job = self.job();
            tracing::warn!(
                job = job.id.as_str(),
                code = problem.code().as_str(),
                cause,
                "a job stands still for a moment"
            );
            tokio::select! {
                () = sleep(STANDSTILL) => {}
                _ = self.stopping.wait_for(|stopping| *stopping) => return,
            }
        }
        let job = self.job();
        if job.status.is_final() {
            let (id, status) = (job.id.as_str(), job.status.as_str());
            tracing::info!(job = id, status, done = job.done, failed = job.failed, "a job has ended");
        }
    }

    /// Takes the steps that are still to be taken. An error is in the way of all of them alike.
    async fn go_on(&self) -> Result<(), Problem> {
        let job = self.job();
        let Some(mut job) = self.directory.begin_job(&job.id, &job.template, job.version).await? else {
            return Ok(());
        };
        self.publish(&job);
        let version = self.directory.find_version(job.template.as_str(), job.version).await?;
        if matches!(version.state, VersionState::Stored | VersionState::Canary) {
            if !self.canary_moves(&mut job).await? {
                return Ok(());
            }
            self.directory.release_version(&job).await?;
        }
        self.sweep().await
    }

    /// Moves one database before any other; false if that ended the job.
    async fn canary_moves(&self, job: &mut JobRecord) -> Result<bool, Problem> {
        while let Some(id) = &job.canary {
            let outcome = match self.directory.find_database(id.as_str()).await? {
                Some(record) => self.move_database(&record, job.version, job).await?,
                None => Fate::Gone,
            };
            match outcome {
                Fate::Moved => return Ok(true),
                Fate::Stays(problem) => {
                    let cancelled =
                        self.directory.cancel_version(job, problem.code(), problem.detail()).await?;
                    cancelled.iter().for_each(|job| self.publish(job));
                    return Ok(false);
                }
                Fate::Gone => {
                    let Some(again) = self.directory.begin_job(&job.id, &job.template, job.version).await?
                    else {
                        return Ok(false);
                    };
                    *job = again;
                }
            }
        }
        // Nothing is to be moved: every database was deleted since the push.
        Ok(true)
    }

    /// Moves every database that is behind, and ends the job.
    async fn sweep(&self) -> Result<(), Problem> {
        let job = self.job();
        // A retried job brings its databases to what is released by now, beyond its own version.
        let template = self.directory.find_template(job.template.as_str()).await?;
        let target = template.map_or(job.version, |template| template.released);
        loop {
            self.count().await?;
            let queue = Queue::new(&self.directory, &job.template, job.version, self.stopping.clone());
            let movers = (0..MOVERS).map(|_| self.move_from(&queue, target, &job));
            join_all(movers).await;
            queue.outcome()?;
            if *self.stopping.borrow() {
                return self.count().await;
            }
            if let Some(ended) = self.directory.finish_job(&job).await? {
                self.publish(&ended);
                return Ok(());
            }
        }
    }

    async fn move_from(&self, queue: &Queue<'_>, target: u32, job: &JobRecord) {
        while let Some(record) = queue.next().await {
            let moved = match self.move_database(&record, target, job).await {
                // A full disk refuses every database alike; setting them all aside would only hide it.
                Ok(Fate::Stays(problem)) if problem.code() == Code::StorageFull => Err(problem),
                other => other,
            };
            match moved {
                Ok(moved) => self.add(&moved),
                Err(problem) => return queue.close(problem).await,
            }
            if self.is_time_to_count()
                && let Err(problem) = self.count().await
            {
                return queue.close(problem).await;
            }
        }
    }

    /// Brings one database to `version`. One that does not get there is set aside, except for a full disk.
    async fn move_database(
        &self,
        record: &DatabaseRecord,
        version: u32,
        job: &JobRecord,
    ) -> Result<Fate, Problem> {
        let mut waits = ATTEMPTS.iter();
        let problem = loop {
            let failed = match self.tenants.bring_to(record, version, Some(&job.id)).await {
                Ok(()) => return Ok(Fate::Moved),
                Err(MoveError::Refused(problem)) => return Ok(Fate::Stays(problem)),
                Err(MoveError::Failed(problem)) => problem,
            };
            if self.directory.find_database(record.id.as_str()).await?.is_none() {
                return Ok(Fate::Gone);
            }
            match waits.next() {
                Some(wait) => sleep(*wait).await,
                None => break failed,
            }
        };
        let cause = problem.cause().unwrap_or(problem.detail());
        tracing::warn!(
            database = record.id.as_str(),
            job = job.id.as_str(),
            cause,
            "a database could not be moved"
        );
        if problem.code() != Code::StorageFull {
            let (code, detail) = (problem.code(), problem.detail());
            self.directory.record_set_aside(&record.id, version, Some(&job.id), code, detail).await?;
        }
        Ok(Fate::Stays(problem))
    }

    fn job(&self) -> JobRecord {
        self.progress.borrow().clone()
    }

    fn publish(&self, job: &JobRecord) {
        self.progress.send_replace(job.clone());
    }

    /// Counts one database in memory; the next count from the databases themselves sets it right.
    fn add(&self, fate: &Fate) {
        self.progress.send_modify(|job| {
            match fate {
                Fate::Moved | Fate::Gone => job.done += 1,
                Fate::Stays(_) => job.failed += 1,
            }
            job.done = job.done.min(job.total.saturating_sub(job.failed));
        });
    }

    /// Writes down how far the job is. What watchers see does not go back for it.
    async fn count(&self) -> Result<(), Problem> {
        let job = self.job();
        if let Some(mut counted) = self.directory.count_job_progress(&job.id).await? {
            counted.done =
                counted.done.max(self.job().done).min(counted.total.saturating_sub(counted.failed));
            self.publish(&counted);
        }
        Ok(())
    }

    fn is_time_to_count(&self) -> bool {
        let mut counted_at = self.counted_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = counted_at.elapsed() >= COUNT;
        if is_time {
            *counted_at = Instant::now();
        }
        is_time
    }
}
