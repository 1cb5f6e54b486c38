//! Templates and their versions: found at every request, stored by a push.

use std::sync::Arc;

use atomicbase_core::{Name, Problem};
use db::{Batch, ErrorKind, Outcome};

use crate::cache::{VersionKey, VersionQuery};
use crate::records::{
    JobRecord, NewVersion, TemplateRecord, TemplateSummary, TemplateVersion, VersionRecord,
};
use crate::store::{self, Row};
use crate::{Directory, Shared};

impl Directory {
    /// The template of this name.
    pub async fn find_template(&self, name: &str) -> Result<Option<Arc<TemplateRecord>>, Problem> {
        if let Some(template) = self.shared.templates.get(name) {
            return Ok(Some(template));
        }
        let Ok(name) = Name::parse(name) else { return Ok(None) };
        self.shared
            .templates
            .load(name.clone(), async {
                let row = self.shared.read(store::templates::find(&name)).await?.pop();
                row.map(|mut row| store::templates::read(&mut row)).transpose()
            })
            .await
    }

    /// A version of a template that is known to exist.
    pub async fn find_version(&self, template: &str, version: u32) -> Result<Arc<TemplateVersion>, Problem> {
        if let Some(found) = self.shared.versions.get(&VersionQuery { template, version }) {
            return Ok(found);
        }
        let missing = || Problem::internal(format!("template {template} has no version {version}"));
        let name = Name::parse(template).map_err(|_| missing())?;
        let key = VersionKey { template: name.clone(), version };
        let found = self.shared.versions.load(key, async {
            let row = self.shared.read(store::templates::find_version(&name, version)).await?.pop();
            row.map(|mut row| store::templates::read_version(&mut row)).transpose()
        });
        found.await?.ok_or_else(missing)
    }

    /// All templates, by name.
    pub async fn list_templates(&self) -> Result<Vec<TemplateSummary>, Problem> {
        let rows = self.shared.read(store::templates::list()).await?;
        rows.into_iter().map(|mut row| store::templates::read_summary(&mut row)).collect()
    }

    /// A template's versions, newest first.
    pub async fn list_versions(&self, template: &Name) -> Result<Vec<VersionRecord>, Problem> {
        let rows = self.shared.read(store::templates::history(template)).await?;
        rows.into_iter().map(|mut row| store::templates::read_history(&mut row)).collect()
    }

    /// Stores a new template with its first version; `None` if there is one of this name, or if the version's policies name a role that
    /// the project lacks.
    pub async fn create_template(&self, new: &NewVersion) -> Result<Option<JobRecord>, Problem> {
        let now = self.shared.clock.now();
        let batch = Batch::write()
            .with(store::templates::insert(new, now)?)
            .with(store::templates::insert_version(new, now)?)
            .with(store::jobs::insert_push(&new.job));
        match self.shared.write(batch, forget_template(&new.name)).await {
            Ok(outcome) => read_job(&outcome, 2),
            Err(error) if matches!(error.kind, ErrorKind::Unique(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores a template's next version with its job; `None` if its base is no longer the latest, a job of the template is unfinished, or
    /// the version's policies name a role that the project lacks.
    ///
    /// Where there is no database to move, the version is complete and the job completed at once.
    pub async fn push_version(&self, new: &NewVersion) -> Result<Option<JobRecord>, Problem> {
        let batch = Batch::write()
            .with(store::templates::insert_version(new, self.shared.clock.now())?)
            .with(store::jobs::insert_push(&new.job));
        let outcome = self.shared.write(batch, forget_template(&new.name)).await?;
        read_job(&outcome, 1)
    }
}

fn forget_template(name: &Name) -> impl FnOnce(&Shared, &Outcome) + Send + 'static {
    let name = name.clone();
    move |shared, _| shared.templates.forget(&name)
}

pub(crate) fn read_job(outcome: &Outcome, statement: usize) -> Result<Option<JobRecord>, Problem> {
    Row::of(outcome, statement).pop().map(|mut row| store::jobs::read(&mut row)).transpose()
}
