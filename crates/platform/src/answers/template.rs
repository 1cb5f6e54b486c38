//! Templates, their versions, and what a push would change or does.

use directory::{JobRecord, TemplateRecord, VersionRecord};
use schema::{Change, Template};
use serde::Serialize;
use serde_json::{Value, json};

use super::{count_schema, time_schema};

#[derive(Debug, Serialize)]
pub(crate) struct TemplateAnswer<'a> {
    name: &'a str,
    version: u32,
    latest_version: u32,
    databases: u64,
    created_at: i64,
    /// Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<&'a Template>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<&'a str>,
}

impl<'a> TemplateAnswer<'a> {
    pub(crate) fn new(template: &'a TemplateRecord, databases: u64) -> Self {
        Self {
            name: template.name.as_str(),
            version: template.released,
            latest_version: template.latest,
            databases,
            created_at: template.created_at,
            template: None,
            hash: None,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct VersionAnswer<'a> {
    version: u32,
    state: &'static str,
    changes: &'a [Change],
    created_at: i64,
    job_id: &'a str,
}

impl<'a> From<&'a VersionRecord> for VersionAnswer<'a> {
    fn from(version: &'a VersionRecord) -> Self {
        Self {
            version: version.version,
            state: version.state.as_str(),
            changes: &version.changes,
            created_at: version.created_at,
            job_id: version.job.as_str(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct DiffAnswer<'a> {
    pub name: &'a str,
    pub from_version: Option<u32>,
    pub to_version: u32,
    pub changes: &'a [Change],
    pub destructive: bool,
    pub databases: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct PushAnswer<'a> {
    name: &'a str,
    version: u32,
    from_version: Option<u32>,
    job_id: Option<&'a str>,
    changes: &'a [Change],
    databases: u64,
}

impl<'a> PushAnswer<'a> {
    /// A push that stored a version.
    pub(crate) fn stored(job: &'a JobRecord, from_version: Option<u32>, changes: &'a [Change]) -> Self {
        Self {
            name: job.template.as_str(),
            version: job.version,
            from_version,
            job_id: Some(job.id.as_str()),
            changes,
            databases: job.total,
        }
    }

    /// A push that had nothing to change.
    pub(crate) fn unchanged(template: &'a TemplateRecord, databases: u64) -> Self {
        let (name, version) = (template.name.as_str(), template.latest);
        Self { name, version, from_version: Some(version), job_id: None, changes: &[], databases }
    }
}

fn properties() -> Value {
    json!({
        "name": {"type": "string"},
        "version": {"type": "integer", "minimum": 0, "description": "Newest version released to all; 0 when none is."},
        "latest_version": {"type": "integer", "minimum": 0, "description": "Version that the next push starts from."},
        "databases": count_schema("Databases made from it."),
        "created_at": time_schema(),
    })
}

/// A template, as in a list or, with `whole`, by itself.
pub(crate) fn template_schema(whole: bool) -> Value {
    let mut properties = properties();
    let mut required = vec!["name", "version", "latest_version", "databases", "created_at"];
    if whole {
        properties["template"] = template_json_schema();
        properties["hash"] = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
        required.extend(["template", "hash"]);
    }
    json!({"type": "object", "required": required, "properties": properties})
}

fn template_json_schema() -> Value {
    json!({
        "type": "object",
        "description": "A template in format 1, as docs/template-format.md specifies it.",
        "required": ["format", "name", "tables"],
        "properties": {
            "format": {"const": 1},
            "name": {"type": "string"},
            "tables": {"type": "array", "items": {"type": "object"}},
            "policies": {"type": "object"},
        },
    })
}

/// The body of a push, with `allow_destructive` where data can be lost.
pub(crate) fn template_body_schema(can_lose: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "required": ["template"],
        "additionalProperties": false,
        "properties": {"template": template_json_schema()},
    });
    if can_lose {
        schema["properties"]["allow_destructive"] = json!({"type": "boolean", "default": false,
            "description": "Lets the push drop tables and columns with their data."});
    }
    schema
}

fn changes_schema() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["op", "kind", "table", "name", "summary", "destructive"],
            "properties": {
                "op": {"enum": ["add", "drop", "change"]},
                "kind": {"type": "string"},
                "table": {"type": "string"},
                "name": {"type": "string"},
                "summary": {"type": "string", "description": "One line for people."},
                "destructive": {"type": "boolean", "description": "Whether data is lost."},
            },
        },
    })
}

pub(crate) fn version_schema() -> Value {
    json!({
        "type": "object",
        "required": ["version", "state", "changes", "created_at", "job_id"],
        "properties": {
            "version": {"type": "integer", "minimum": 1},
            "state": {"enum": ["stored", "canary", "released", "complete", "halted", "cancelled"]},
            "changes": changes_schema(),
            "created_at": time_schema(),
            "job_id": {"type": "string"},
        },
    })
}

pub(crate) fn diff_schema() -> Value {
    json!({
        "type": "object",
        "required": ["name", "from_version", "to_version", "changes", "destructive", "databases"],
        "properties": {
            "name": {"type": "string"},
            "from_version": {"type": ["integer", "null"], "description": "null where there is no such template yet."},
            "to_version": {"type": "integer", "minimum": 1},
            "changes": changes_schema(),
            "destructive": {"type": "boolean", "description": "Whether a push needs `allow_destructive`."},
            "databases": count_schema("Databases that a push would move."),
        },
    })
}

pub(crate) fn push_schema() -> Value {
    json!({
        "type": "object",
        "required": ["name", "version", "from_version", "job_id", "changes", "databases"],
        "properties": {
            "name": {"type": "string"},
            "version": {"type": "integer", "minimum": 1},
            "from_version": {"type": ["integer", "null"], "description": "null for a new template."},
            "job_id": {"type": ["string", "null"], "description": "null where nothing changes."},
            "changes": changes_schema(),
            "databases": count_schema("Databases that the job moves."),
        },
    })
}
