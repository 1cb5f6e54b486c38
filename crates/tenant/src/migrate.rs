//! The step that a job and a first request share: one transaction takes a database from its version to a later one, and
//! records in the database itself that it did.

use std::sync::PoisonError;

use atomicbase_core::{Code, JobId, Problem};
use db::{Batch, DbError, ErrorKind, Mode, Statement};
use directory::{DatabaseRecord, TemplateVersion};

use crate::create::RECORD_MOVE;
use crate::{Tenant, Tenants};

/// Why a database did not move. It is as it was.
#[derive(Debug)]
pub enum MoveError {
    /// Its data does not allow the step; it is set aside until it is mended.
    Refused(Problem),
    /// Something else was in the way (a full disk, a lock): trying again may help.
    Failed(Problem),
}

impl Tenants {
    /// Brings a database to `version`, unless it is there or beyond. Any number may ask at once: it moves once.
    pub async fn bring_to(
        &self,
        record: &DatabaseRecord,
        version: u32,
        job: Option<&JobId>,
    ) -> Result<(), MoveError> {
        let tenant = self.handle(record).await.map_err(MoveError::Failed)?;
        let _one_at_a_time = tenant.moving.lock().await;
        let at = tenant.version().version;
        if at >= version {
            // Another request or an earlier life of this process moved it; only the mirror may not know.
            self.directory.record_moved(&record.id, at);
            return Ok(());
        }
        let way = self.way(record, at, version).await.map_err(MoveError::Failed)?;
        let Some(target) = way.last() else { return Ok(()) };
        let batch = self.batch(at, &way, job);
        match tenant.run(batch).await {
            Ok(_) => {
                *tenant.version.write().unwrap_or_else(PoisonError::into_inner) = target.clone();
                self.directory.record_moved(&record.id, version);
                Ok(())
            }
            Err(error) => self.not_moved(record, version, job, error).await,
        }
    }

    /// Every step on the way, and the record of it: all or nothing.
    fn batch(&self, at: u32, way: &[std::sync::Arc<TemplateVersion>], job: Option<&JobId>) -> Batch {
        let mut batch = Batch::new(Mode::Schema);
        batch.expect_version = Some(at);
        for version in way {
            let steps = version.plan.steps.iter();
            batch.statements.extend(steps.map(|step| Statement::new(step.sql.clone(), vec![])));
            let moved = vec![version.version.into(), job.map(JobId::as_str).into(), self.clock.now().into()];
            batch.statements.push(Statement::new(RECORD_MOVE, moved));
            batch.set_version = Some(version.version);
        }
        batch
    }

    async fn not_moved(
        &self,
        record: &DatabaseRecord,
        version: u32,
        job: Option<&JobId>,
        error: DbError,
    ) -> Result<(), MoveError> {
        if is_passing(&error.kind) {
            return Err(MoveError::Failed(error.into()));
        }
        let detail = format!("Version {version} does not fit the data: {}.", words(&error));
        self.directory
            .record_set_aside(&record.id, version, job, Code::MigrationFailed, &detail)
            .await
            .map_err(MoveError::Failed)?;
        Err(MoveError::Refused(Problem::new(Code::MigrationFailed, detail).because(error)))
    }
}

/// Whether the same step may succeed later on the same data.
fn is_passing(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Busy
            | ErrorKind::Full
            | ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::WaitedTooLong
            | ErrorKind::Overloaded
            | ErrorKind::Corrupt
            | ErrorKind::StaleVersion { .. }
    )
}

/// What stands in the way, by column; never a value.
fn words(error: &DbError) -> String {
    match &error.kind {
        ErrorKind::Unique(columns) => format!("rows share their values in {columns}"),
        ErrorKind::ForeignKey => "rows are still referenced, or refer to rows that do not exist".to_owned(),
        ErrorKind::NotNull(column) => format!("rows have no value in {column}"),
        ErrorKind::Check(check) => format!("rows break the check {check}"),
        ErrorKind::Type(text) => text.clone(),
        _ => error.message.clone(),
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tenant(version {})", self.version().version)
    }
}
