//! What every verb of this room works with.

use std::future::Future;
use std::sync::Arc;

use atomicbase_core::{Clock, Code, Problem, closest, shown};
use directory::{Directory, TemplateRecord};
use tenant::Tenants;
use tokio::runtime::Handle;

use crate::jobs::Jobs;

/// Templates, databases, jobs and keys. Clones share everything.
#[derive(Clone)]
pub struct Platform {
    pub(crate) directory: Arc<Directory>,
    pub(crate) tenants: Arc<Tenants>,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) clock: Clock,
    /// Outlives the runtimes that serve requests.
    runtime: Handle,
}

impl Platform {
    /// Must be called within the runtime that outlives all requests: jobs run there.
    #[must_use]
    pub fn new(directory: Arc<Directory>, tenants: Arc<Tenants>, clock: Clock) -> Self {
        let runtime = Handle::current();
        let jobs = Jobs::new(Arc::clone(&directory), Arc::clone(&tenants), runtime.clone());
        Self { directory, tenants, jobs, clock, runtime }
    }

    /// Goes on with what a stopped or killed process left: unfinished jobs, and deleted databases whose files are still there.
    pub async fn resume_jobs(&self) -> Result<(), Problem> {
        for job in self.directory.list_unfinished_jobs().await? {
            self.jobs.start(job);
        }
        let left = self.directory.list_databases_to_drop().await?;
        if !left.is_empty() {
            let platform = self.clone();
            self.runtime.spawn(async move {
                for id in left {
                    platform.drop_file(&id).await;
                }
            });
        }
        Ok(())
    }

    /// Lets each running job come to a point where nothing is half done, and ends the streams that follow them.
    /// The next start goes on with them.
    pub async fn stop(&self) {
        self.jobs.stop().await;
        if let Err(problem) = self.directory.flush().await {
            let cause = problem.cause().unwrap_or(problem.detail());
            tracing::warn!(
                cause,
                "moves of databases were not mirrored; the next start finds them in the databases themselves"
            );
        }
    }

    /// Does work of several durable steps to its end, also when the client goes away and its request is dropped.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        self.runtime.spawn(work).await.unwrap_or_else(|error| Err(Problem::internal(error)))
    }

    /// The template of this name, or that there is none and which may be meant.
    pub(crate) async fn template(&self, name: &str) -> Result<Arc<TemplateRecord>, Problem> {
        match self.directory.find_template(name).await? {
            Some(template) => Ok(template),
            None => Err(self.no_template(name).await?),
        }
    }

    async fn no_template(&self, name: &str) -> Result<Problem, Problem> {
        let templates = self.directory.list_templates().await?;
        let names = templates.iter().map(|summary| summary.template.name.as_str());
        let hint = match closest(name, names) {
            Some(known) => format!("Did you mean `{known}`?"),
            None => "`GET /platform/templates` lists the templates; `atomicbase push` makes one.".to_owned(),
        };
        Ok(Problem::new(Code::TemplateNotFound, format!("There is no template `{}`.", shown(name)))
            .hint(hint))
    }
}
