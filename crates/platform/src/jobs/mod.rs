//! The engine of pushes: which jobs run in this process, how far they are, and how they stop.
//! What a job does stands in `run`; that it was done stands in `tenants.db` and in the tenants themselves.

mod queue;
mod run;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atomicbase_core::JobId;
use directory::{Directory, JobRecord};
use tenant::Tenants;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use run::Run;

pub(crate) struct Jobs {
    directory: Arc<Directory>,
    tenants: Arc<Tenants>,
    runtime: Handle,
    running: Mutex<HashMap<JobId, Running>>,
    stopping: watch::Sender<bool>,
}

struct Running {
    progress: watch::Receiver<JobRecord>,
    task: JoinHandle<()>,
}

impl Jobs {
    pub(crate) fn new(directory: Arc<Directory>, tenants: Arc<Tenants>, runtime: Handle) -> Arc<Self> {
        Arc::new(Self {
            directory,
            tenants,
            runtime,
            running: Mutex::default(),
            stopping: watch::Sender::new(false),
        })
    }

    /// Runs a job in the background until it has ended. The caller has just stored, reopened or found it: nobody else starts it.
    pub(crate) fn start(self: &Arc<Self>, job: JobRecord) {
        let mut running = self.running();
        // A job that is stored while the server stops waits for the next start.
        if job.status.is_final() || *self.stopping.borrow() {
            return;
        }
        let id = job.id.clone();
        let (sender, progress) = watch::channel(job);
        let jobs = Arc::clone(self);
        let run = Run::new(
            Arc::clone(&self.directory),
            Arc::clone(&self.tenants),
            sender,
            self.stopping.subscribe(),
        );
        let mine = progress.clone();
        let task = self.runtime.spawn(async move {
            run.run().await;
            jobs.ended(&mine);
        });
        // An entry that is still here is of the same job's run before a retry, on its last lines.
        running.insert(id, Running { progress, task });
    }

    /// How far a job is, where it runs now.
    pub(crate) fn progress(&self, id: &JobId) -> Option<watch::Receiver<JobRecord>> {
        self.running().get(id).map(|running| running.progress.clone())
    }

    /// Turns true when the server stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Stops all jobs where nothing is half done, and waits for them.
    pub(crate) async fn stop(&self) {
        self.stopping.send_replace(true);
        let tasks: Vec<_> = self.running().drain().map(|(_, running)| running.task).collect();
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a job ended in a panic");
            }
        }
    }

    fn ended(&self, run: &watch::Receiver<JobRecord>) {
        let id = run.borrow().id.clone();
        let mut running = self.running();
        if running.get(&id).is_some_and(|running| running.progress.same_channel(run)) {
            running.remove(&id);
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<JobId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
