//! A job, with the databases that it could not move.

use directory::JobRecord;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Reason, count_schema, reason_schema, time_schema};

#[derive(Debug, Serialize)]
pub(crate) struct JobAnswer {
    pub id: String,
    kind: String,
    template: String,
    version: u32,
    status: &'static str,
    total: u64,
    done: u64,
    failed: u64,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<i64>,
    /// Lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<Vec<FailureAnswer>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FailureAnswer {
    pub database_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    pub error: Reason,
}

impl From<&JobRecord> for JobAnswer {
    fn from(job: &JobRecord) -> Self {
        Self {
            id: job.id.to_string(),
            kind: job.kind.clone(),
            template: job.template.to_string(),
            version: job.version,
            status: job.status.as_str(),
            total: job.total,
            done: job.done,
            failed: job.failed,
            created_at: job.created_at,
            finished_at: job.finished_at,
            failures: None,
        }
    }
}

pub(crate) fn job_schema() -> Value {
    json!({
        "type": "object",
        "required": ["id", "kind", "template", "version", "status", "total", "done", "failed", "created_at"],
        "properties": {
            "id": {"type": "string", "pattern": "^job_[0-9a-f]{32}$"},
            "kind": {"enum": ["push"]},
            "template": {"type": "string"},
            "version": {"type": "integer", "minimum": 1},
            "status": {
                "enum": ["pending", "running", "paused", "completed", "failed", "cancelled"],
                "description": "`failed`: it has ended and set databases aside. `cancelled`: its first database failed, and nothing else was touched.",
            },
            "total": count_schema("Databases to move."),
            "done": count_schema("Databases moved."),
            "failed": count_schema("Databases that could not be moved."),
            "created_at": time_schema(),
            "finished_at": time_schema(),
            "failures": {
                "type": "array",
                "description": "The first hundred databases that could not be moved; not in lists.",
                "items": {
                    "type": "object",
                    "required": ["database_id", "error"],
                    "properties": {
                        "database_id": {"type": "string"},
                        "database": {"type": "string", "description": "Its name."},
                        "error": reason_schema(),
                    },
                },
            },
        },
    })
}
