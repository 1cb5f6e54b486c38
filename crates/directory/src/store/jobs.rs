//! Statements about jobs. What a job has still to do is counted from the databases, never kept.

use atomicbase_core::{Code, JobId, Name, Problem};
use db::Statement;

use super::Row;
use super::row::known_code;
use crate::records::{JobRecord, JobStatus};

macro_rules! columns {
    () => {
        "id, kind, template, version, status, total, done, failed, canary, error_code, error_detail, \
         created_at, finished_at"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM jobs ", $rest)
    };
}

pub(crate) fn read(row: &mut Row) -> Result<JobRecord, Problem> {
    Ok(JobRecord {
        id: row.job_id()?,
        kind: row.text()?,
        template: row.name()?,
        version: row.version()?,
        status: row.parsed(JobStatus::parse)?,
        total: row.count()?,
        done: row.count()?,
        failed: row.count()?,
        canary: row.optional_database_id()?,
        error: match (row.optional_text()?, row.optional_text()?) {
            (Some(code), Some(detail)) => Some((known_code(&code), detail)),
            _ => None,
        },
        created_at: row.integer()?,
        finished_at: row.optional_integer()?,
    })
}

/// The job of a version that was just stored: nothing if it was not, completed if the version is.
pub(crate) fn insert_push(job: &JobId) -> Statement {
    Statement::query(
        concat!(
            "INSERT INTO jobs (id, kind, template, version, status, total, done, failed, created_at, finished_at)
             SELECT v.job, 'push', v.template, v.version,
               CASE v.state WHEN 'complete' THEN 'completed' ELSE 'pending' END,
               (SELECT count(*) FROM live_databases l WHERE l.template = v.template AND l.to_version IS NULL),
               0, 0, v.created_at,
               CASE v.state WHEN 'complete' THEN v.created_at END
             FROM template_versions v WHERE v.job = ?1
             RETURNING ",
            columns!()
        ),
        vec![job.as_str().into()],
    )
}

pub(crate) fn find(id: &JobId) -> Statement {
    Statement::query(select!("WHERE id = ?1"), vec![id.as_str().into()])
}

/// Newest first.
pub(crate) fn list(before: Option<&JobId>, limit: u32) -> Statement {
    // `~` sorts after every id.
    Statement::query(
        select!("WHERE id < ?1 ORDER BY id DESC LIMIT ?2"),
        vec![before.map_or("~", JobId::as_str).into(), limit.into()],
    )
}

pub(crate) fn find_unfinished(template: &Name) -> Statement {
    Statement::query(select!("WHERE template = ?1 AND finished_at IS NULL"), vec![template.as_str().into()])
}

/// Jobs that a stopped process left, oldest first.
pub(crate) fn list_unfinished() -> Statement {
    Statement::query(select!("WHERE status IN ('pending', 'running') ORDER BY id"), vec![])
}

/// The job runs, and has the oldest ready database as its canary unless it had one that still exists.
pub(crate) fn begin(id: &JobId) -> Statement {
    Statement::query(
        concat!(
            "UPDATE jobs SET status = 'running', canary = coalesce(
               (SELECT l.id FROM live_databases l WHERE l.id = canary),
               (SELECT l.id FROM live_databases l
                WHERE l.template = jobs.template AND l.version < jobs.version AND l.to_version IS NULL
                ORDER BY l.id LIMIT 1))
             WHERE id = ?1 AND status IN ('pending', 'running') RETURNING ",
            columns!()
        ),
        vec![id.as_str().into()],
    )
}

/// From here on no database appears behind the version, so the number of those to move is final.
pub(crate) fn fix_total(id: &JobId) -> Statement {
    Statement::new(
        "UPDATE jobs SET total = (SELECT count(*) FROM live_databases l
           WHERE l.template = jobs.template AND l.version <= jobs.version AND l.to_version IS NULL)
         WHERE id = ?1 AND finished_at IS NULL
           AND EXISTS (SELECT 1 FROM template_versions v WHERE v.job = ?1 AND v.state IN ('stored', 'canary'))",
        vec![id.as_str().into()],
    )
}

/// Counts anew what is done and what failed.
pub(crate) fn count_progress(id: &JobId) -> Statement {
    Statement::query(
        concat!(
            "UPDATE jobs SET
               failed = (SELECT count(*) FROM set_asides s WHERE s.job = ?1),
               done = max(0, total - (SELECT count(*) FROM set_asides s WHERE s.job = ?1)
                 - (SELECT count(*) FROM live_databases l
                    WHERE l.template = jobs.template AND l.version < jobs.version AND l.to_version IS NULL))
             WHERE id = ?1 AND finished_at IS NULL RETURNING ",
            columns!()
        ),
        vec![id.as_str().into()],
    )
}

/// Ends the job, unless a database is still to be moved. Must follow [`count_progress`] in the same batch.
pub(crate) fn finish(id: &JobId, now: i64) -> Statement {
    Statement::query(
        concat!(
            "UPDATE jobs SET status = CASE WHEN failed > 0 THEN 'failed' ELSE 'completed' END, finished_at = ?2
             WHERE id = ?1 AND finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM live_databases l
               WHERE l.template = jobs.template AND l.version < jobs.version AND l.to_version IS NULL)
             RETURNING ",
            columns!()
        ),
        vec![id.as_str().into(), now.into()],
    )
}

pub(crate) fn cancel(id: &JobId, (code, detail): (Code, &str), now: i64) -> Statement {
    Statement::query(
        concat!(
            "UPDATE jobs SET status = 'cancelled', failed = 1, error_code = ?2, error_detail = ?3, finished_at = ?4
             WHERE id = ?1 AND finished_at IS NULL RETURNING ",
            columns!()
        ),
        vec![id.as_str().into(), code.as_str().into(), detail.into(), now.into()],
    )
}

/// Only a failed job runs again. That the template has no other unfinished job is the index's to say.
pub(crate) fn reopen(id: &JobId) -> Statement {
    Statement::query(
        concat!(
            "UPDATE jobs SET status = 'running', failed = 0, finished_at = NULL
             WHERE id = ?1 AND status = 'failed' RETURNING ",
            columns!()
        ),
        vec![id.as_str().into()],
    )
}
