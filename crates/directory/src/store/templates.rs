//! Statements about templates and their versions.

use std::sync::Arc;

use atomicbase_core::{JobId, Name, Problem, Subject};
use db::Statement;

use super::Row;
use crate::records::NewVersion;
use crate::records::{TemplateRecord, TemplateSummary, TemplateVersion, VersionRecord, VersionState};

/// The condition that a list of roles in JSON holds none that the project lacks.
macro_rules! roles_exist {
    ($list:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM json_each(",
            $list,
            ") WHERE value NOT IN (SELECT role FROM project_roles))"
        )
    };
}

/// A template for the first version, unless that names a role that the project lacks.
pub(crate) fn insert(new: &NewVersion, now: i64) -> Result<Statement, Problem> {
    Ok(Statement::new(
        concat!("INSERT INTO templates (name, created_at) SELECT ?1, ?2 WHERE ", roles_exist!("?3")),
        vec![new.name.as_str().into(), now.into(), own_roles(new)?.into()],
    ))
}

/// The roles of the version's policies that are not built in, as JSON.
fn own_roles(new: &NewVersion) -> Result<String, Problem> {
    let mut roles = new.template.policies.as_ref().map_or_else(Vec::new, |policies| policies.roles());
    roles.retain(|role| !Subject::ROLES.contains(role) && *role != Subject::ANONYMOUS);
    serde_json::to_string(&roles).map_err(Problem::internal)
}

/// The next version, if its base is still the latest, no job of the template is unfinished and the project has every role that it
/// names; else nothing.
///
/// Without a database to move it is complete at once.
pub(crate) fn insert_version(new: &NewVersion, now: i64) -> Result<Statement, Problem> {
    let template = serde_json::to_string(&*new.template).map_err(Problem::internal)?;
    let plan = serde_json::to_string(&new.plan).map_err(Problem::internal)?;
    Ok(Statement::new(
        concat!(
            "INSERT INTO template_versions
           (template, version, base, state, hash, template_json, plan_json, job, created_at)
         SELECT name, coalesce(newest, 0) + 1, ?2,
           CASE WHEN EXISTS (SELECT 1 FROM live_databases WHERE template = ?1 AND to_version IS NULL)
             THEN 'stored' ELSE 'complete' END,
           ?3, ?4, ?5, ?6, ?7
         FROM template_heads
         WHERE name = ?1 AND coalesce(latest, 0) = ?2
           AND NOT EXISTS (SELECT 1 FROM jobs WHERE template = ?1 AND finished_at IS NULL)
           AND ",
            roles_exist!("?8")
        ),
        vec![
            new.name.as_str().into(),
            new.base.into(),
            new.hash.as_str().into(),
            template.into(),
            plan.into(),
            new.job.as_str().into(),
            now.into(),
            own_roles(new)?.into(),
        ],
    ))
}

pub(crate) fn find(name: &Name) -> Statement {
    Statement::query(
        "SELECT name, latest, released, newest, created_at FROM template_heads WHERE name = ?1",
        vec![name.as_str().into()],
    )
}

pub(crate) fn read(row: &mut Row) -> Result<TemplateRecord, Problem> {
    Ok(TemplateRecord {
        name: row.name()?,
        latest: row.version()?,
        released: row.version()?,
        newest: row.version()?,
        created_at: row.integer()?,
    })
}

pub(crate) fn list() -> Statement {
    Statement::query(
        "SELECT name, latest, released, newest, created_at,
           (SELECT count(*) FROM databases d WHERE d.template = h.name AND d.deleted_at IS NULL)
         FROM template_heads h ORDER BY name",
        vec![],
    )
}

pub(crate) fn read_summary(row: &mut Row) -> Result<TemplateSummary, Problem> {
    Ok(TemplateSummary { template: read(row)?, databases: row.count()? })
}

pub(crate) fn find_version(name: &Name, version: u32) -> Statement {
    Statement::query(
        "SELECT template, version, base, template_json, plan_json, state, hash
         FROM template_versions WHERE template = ?1 AND version = ?2",
        vec![name.as_str().into(), version.into()],
    )
}

pub(crate) fn read_version(row: &mut Row) -> Result<TemplateVersion, Problem> {
    Ok(TemplateVersion {
        name: row.name()?,
        version: row.version()?,
        base: row.version()?,
        template: Arc::new(row.json()?),
        plan: row.json()?,
        state: row.parsed(VersionState::parse)?,
        hash: row.text()?,
    })
}

/// Newest first.
pub(crate) fn history(name: &Name) -> Statement {
    Statement::query(
        "SELECT version, state, plan_json -> '$.changes', job, created_at
         FROM template_versions WHERE template = ?1 ORDER BY version DESC",
        vec![name.as_str().into()],
    )
}

pub(crate) fn read_history(row: &mut Row) -> Result<VersionRecord, Problem> {
    Ok(VersionRecord {
        version: row.version()?,
        state: row.parsed(VersionState::parse)?,
        changes: row.json()?,
        job: row.job_id()?,
        created_at: row.integer()?,
    })
}

/// A version goes only forward: from one of the states before `to`.
pub(crate) fn set_state(job: &JobId, to: VersionState) -> Statement {
    Statement::new(
        "UPDATE template_versions SET state = ?2 WHERE job = ?1 AND (state, ?2) IN (VALUES
           ('stored', 'canary'), ('stored', 'released'), ('canary', 'released'),
           ('stored', 'cancelled'), ('canary', 'cancelled'))",
        vec![job.as_str().into(), to.as_str().into()],
    )
}

/// A version is complete when its job has moved every database.
pub(crate) fn complete(job: &JobId) -> Statement {
    Statement::new(
        "UPDATE template_versions SET state = 'complete' WHERE job = ?1 AND state = 'released'
         AND EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND status = 'completed')",
        vec![job.as_str().into()],
    )
}
