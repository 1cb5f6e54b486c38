//! Statements about tenant databases and those that are set aside.

use atomicbase_core::{Code, DatabaseId, JobId, Name, Problem};
use db::{Statement, Value};

use super::Row;
use crate::records::{DatabaseRecord, JobFailure, SetAside};

macro_rules! select_live {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, template, version, created_at, to_version, job, code, detail FROM live_databases ",
            $rest
        )
    };
}

pub(crate) fn read(row: &mut Row) -> Result<DatabaseRecord, Problem> {
    Ok(DatabaseRecord {
        id: row.database_id()?,
        name: row.name()?,
        template: row.name()?,
        version: row.version()?,
        created_at: row.integer()?,
        set_aside: match row.version()? {
            0 => None,
            to_version => {
                Some(SetAside { to_version, job: row.job_id()?, code: row.code()?, detail: row.text()? })
            }
        },
    })
}

pub(crate) fn find(id: &DatabaseId) -> Statement {
    Statement::query(select_live!("WHERE id = ?1"), vec![id.as_str().into()])
}

pub(crate) fn find_id(name: &Name) -> Statement {
    Statement::query("SELECT id FROM live_databases WHERE name = ?1", vec![name.as_str().into()])
}

/// Whether a name was ever given.
pub(crate) fn name_is_taken(name: &Name) -> Statement {
    Statement::query("SELECT 1 FROM databases WHERE name = ?1", vec![name.as_str().into()])
}

/// A row if, and only if, the template's released version is the one the database was made at.
pub(crate) fn insert(record: &DatabaseRecord) -> Statement {
    Statement::query(
        "INSERT INTO databases (id, name, template, version, created_at)
         SELECT ?1, ?2, ?3, ?4, ?5 FROM template_heads WHERE name = ?3 AND released = ?4
         RETURNING id",
        vec![
            record.id.as_str().into(),
            record.name.as_str().into(),
            record.template.as_str().into(),
            record.version.into(),
            record.created_at.into(),
        ],
    )
}

/// Oldest first.
pub(crate) fn list(template: Option<&Name>, after: Option<&DatabaseId>, limit: u32) -> Statement {
    let after: Value = after.map_or("", DatabaseId::as_str).into();
    match template {
        None => {
            Statement::query(select_live!("WHERE id > ?1 ORDER BY id LIMIT ?2"), vec![after, limit.into()])
        }
        Some(template) => Statement::query(
            select_live!("WHERE template = ?3 AND id > ?1 ORDER BY id LIMIT ?2"),
            vec![after, limit.into(), template.as_str().into()],
        ),
    }
}

/// Databases that are yet to be moved to `version`, oldest first.
pub(crate) fn list_behind(
    template: &Name,
    version: u32,
    after: Option<&DatabaseId>,
    limit: u32,
) -> Statement {
    Statement::query(
        select_live!(
            "WHERE template = ?1 AND version < ?2 AND to_version IS NULL AND id > ?3 ORDER BY id LIMIT ?4"
        ),
        vec![
            template.as_str().into(),
            version.into(),
            after.map_or("", DatabaseId::as_str).into(),
            limit.into(),
        ],
    )
}

/// How many databases a push would move.
pub(crate) fn count_ready(template: &Name) -> Statement {
    Statement::query(
        "SELECT count(*) FROM live_databases WHERE template = ?1 AND to_version IS NULL",
        vec![template.as_str().into()],
    )
}

pub(crate) fn count(template: &Name) -> Statement {
    Statement::query(
        "SELECT count(*) FROM databases WHERE template = ?1 AND deleted_at IS NULL",
        vec![template.as_str().into()],
    )
}

pub(crate) fn mark_deleted(id: &DatabaseId, now: i64) -> Statement {
    Statement::query(
        "UPDATE databases SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL RETURNING id",
        vec![id.as_str().into(), now.into()],
    )
}

pub(crate) fn mark_dropped(id: &DatabaseId, now: i64) -> Statement {
    Statement::new(
        "UPDATE databases SET dropped_at = ?2 WHERE id = ?1 AND deleted_at IS NOT NULL AND dropped_at IS NULL",
        vec![id.as_str().into(), now.into()],
    )
}

/// Deleted databases whose file is still there.
pub(crate) fn list_to_drop() -> Statement {
    Statement::query(
        "SELECT id FROM databases WHERE deleted_at IS NOT NULL AND dropped_at IS NULL ORDER BY id",
        vec![],
    )
}

/// Versions only rise: of two moves of one database, whichever is written last, the further one stays.
pub(crate) fn record_version(id: &DatabaseId, version: u32) -> Statement {
    Statement::new(
        "UPDATE databases SET version = ?2 WHERE id = ?1 AND version < ?2",
        vec![id.as_str().into(), version.into()],
    )
}

/// A job that is not named is the one that brought the version.
pub(crate) fn set_aside(
    id: &DatabaseId,
    to_version: u32,
    job: Option<&JobId>,
    (code, detail): (Code, &str),
    now: i64,
) -> Statement {
    Statement::new(
        "INSERT INTO set_asides (database, to_version, job, code, detail, created_at)
         SELECT d.id, ?2, coalesce(?3, v.job), ?4, ?5, ?6
         FROM databases d JOIN template_versions v ON v.template = d.template AND v.version = ?2
         WHERE d.id = ?1 AND d.deleted_at IS NULL AND d.version < ?2
         ON CONFLICT (database) DO UPDATE SET
           to_version = excluded.to_version, job = excluded.job, code = excluded.code,
           detail = excluded.detail, created_at = excluded.created_at",
        vec![
            id.as_str().into(),
            to_version.into(),
            job.map(JobId::as_str).into(),
            code.as_str().into(),
            detail.into(),
            now.into(),
        ],
    )
}

/// A database that has come to the version it was set aside for is ready again.
pub(crate) fn clear_set_aside(id: &DatabaseId, version: u32) -> Statement {
    Statement::new(
        "DELETE FROM set_asides WHERE database = ?1 AND to_version <= ?2",
        vec![id.as_str().into(), version.into()],
    )
}

pub(crate) fn clear_set_aside_of_deleted(id: &DatabaseId) -> Statement {
    Statement::new(
        "DELETE FROM set_asides WHERE database = ?1
         AND EXISTS (SELECT 1 FROM databases WHERE id = ?1 AND deleted_at IS NOT NULL)",
        vec![id.as_str().into()],
    )
}

/// Only of a job that has ended: a running one sets aside.
pub(crate) fn clear_set_asides_of_failed(job: &JobId) -> Statement {
    Statement::query(
        "DELETE FROM set_asides WHERE job = ?1 AND EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND status = 'failed')
         RETURNING database",
        vec![job.as_str().into()],
    )
}

pub(crate) fn clear_set_asides_of_cancelled(job: &JobId) -> Statement {
    Statement::query(
        "DELETE FROM set_asides WHERE job = ?1
         AND EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND status = 'cancelled')
         RETURNING database",
        vec![job.as_str().into()],
    )
}

pub(crate) fn list_set_aside(job: &JobId, limit: u32) -> Statement {
    Statement::query(
        "SELECT s.database, d.name, s.code, s.detail
         FROM set_asides s JOIN databases d ON d.id = s.database
         WHERE s.job = ?1 ORDER BY s.database LIMIT ?2",
        vec![job.as_str().into(), limit.into()],
    )
}

pub(crate) fn read_failure(row: &mut Row) -> Result<JobFailure, Problem> {
    Ok(JobFailure { database: row.database_id()?, name: row.name()?, code: row.code()?, detail: row.text()? })
}
