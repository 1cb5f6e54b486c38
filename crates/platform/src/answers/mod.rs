//! What this room's things look like as JSON, each beside the schema that OpenAPI shows of it.

mod database;
mod job;
mod key;
mod page;
mod settings;
mod template;

pub(crate) use database::{DatabaseAnswer, database_schema};
pub(crate) use job::{FailureAnswer, JobAnswer, job_schema};
pub(crate) use key::{KeyAnswer, key_schema};
pub(crate) use page::{List, PageQuery, list_schema, page_parameters};
pub(crate) use settings::{read_settings, settings_schema};
pub(crate) use template::{
    DiffAnswer, PushAnswer, TemplateAnswer, VersionAnswer, diff_schema, push_schema, template_body_schema,
    template_schema, version_schema,
};

use atomicbase_core::Code;
use serde::Serialize;
use serde_json::{Value, json};

/// Why something is as it is: the code and words of a problem that was met earlier.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reason {
    pub code: &'static str,
    pub detail: String,
}

impl Reason {
    pub(crate) fn new(code: Code, detail: &str) -> Self {
        Self { code: code.as_str(), detail: detail.to_owned() }
    }
}

fn reason_schema() -> Value {
    json!({
        "type": "object",
        "required": ["code", "detail"],
        "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
    })
}

fn time_schema() -> Value {
    json!({"type": "integer", "description": "Unix seconds."})
}

fn count_schema(description: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": description})
}
