//! A tenant database.

use directory::DatabaseRecord;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Reason, reason_schema, time_schema};

#[derive(Debug, Serialize)]
pub(crate) struct DatabaseAnswer {
    pub id: String,
    name: String,
    template: String,
    version: u32,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason>,
    created_at: i64,
}

impl From<&DatabaseRecord> for DatabaseAnswer {
    fn from(record: &DatabaseRecord) -> Self {
        let aside = record.set_aside.as_ref();
        Self {
            id: record.id.to_string(),
            name: record.name.to_string(),
            template: record.template.to_string(),
            version: record.version,
            status: if aside.is_some() { "set_aside" } else { "ready" },
            error: aside.map(|aside| Reason::new(aside.code, &aside.detail)),
            created_at: record.created_at,
        }
    }
}

pub(crate) fn database_schema() -> Value {
    json!({
        "type": "object",
        "required": ["id", "name", "template", "version", "status", "created_at"],
        "properties": {
            "id": {"type": "string", "pattern": "^db_[0-9a-f]{32}$"},
            "name": {"type": "string"},
            "template": {"type": "string"},
            "version": {"type": "integer", "minimum": 1, "description": "Version of the template it is at."},
            "status": {"enum": ["ready", "set_aside"], "description": "`set_aside`: its data refused a newer version; it is served at its own."},
            "error": reason_schema(),
            "created_at": time_schema(),
        },
    })
}
