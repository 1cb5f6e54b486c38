//! A service key.

use directory::KeyRecord;
use serde::Serialize;
use serde_json::{Value, json};

use super::time_schema;

#[derive(Debug, Serialize)]
pub(crate) struct KeyAnswer {
    pub id: String,
    name: String,
    scopes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    /// Only where the key was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl From<&KeyRecord> for KeyAnswer {
    fn from(record: &KeyRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name.clone(),
            scopes: record.scopes.names(),
            database: record.database.as_ref().map(ToString::to_string),
            created_at: record.created_at,
            expires_at: record.expires_at,
            key: None,
        }
    }
}

pub(crate) fn key_schema(with_key: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "required": ["id", "name", "scopes", "created_at"],
        "properties": {
            "id": {"type": "string", "pattern": "^key_[0-9a-f]{32}$"},
            "name": {"type": "string"},
            "scopes": {"type": "array", "items": {"enum": ["platform", "auth", "data", "storage", "billing"]}},
            "database": {"type": "string", "description": "Id of the only database it reaches."},
            "created_at": time_schema(),
            "expires_at": time_schema(),
        },
    });
    if with_key {
        schema["properties"]["key"] =
            json!({"type": "string", "description": "The key itself. Shown now and never again."});
        schema["required"] = json!(["id", "name", "scopes", "key", "created_at"]);
    }
    schema
}
