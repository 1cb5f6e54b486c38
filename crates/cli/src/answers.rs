//! The server's answers as far as people are shown them. `--json` passes answers on whole, fields unknown here included.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::exit::{Exit, Failure, Outcome};
use crate::units::utc;

/// A list that comes whole.
#[derive(Debug, Deserialize)]
pub(crate) struct List {
    pub data: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    pub summary: String,
    #[serde(default)]
    pub destructive: bool,
}

/// What a push would do.
#[derive(Debug, Deserialize)]
pub(crate) struct Plan {
    pub from_version: Option<u64>,
    pub to_version: u64,
    pub changes: Vec<Change>,
    #[serde(default)]
    pub destructive: bool,
    #[serde(default)]
    pub databases: u64,
}

/// What a push does.
#[derive(Debug, Deserialize)]
pub(crate) struct Pushed {
    /// Absent when the template was already the latest version.
    pub job_id: Option<String>,
    pub version: u64,
    #[serde(default)]
    pub from_version: Option<u64>,
    #[serde(default)]
    pub changes: Vec<Change>,
    #[serde(default)]
    pub databases: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Job {
    pub id: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub template: String,
    #[serde(default)]
    pub version: u64,
    pub status: String,
    #[serde(default)]
    pub total: u64,
    #[serde(default)]
    pub done: u64,
    #[serde(default)]
    pub failed: u64,
    #[serde(default)]
    pub created_at: Option<i64>,
    #[serde(default)]
    pub finished_at: Option<i64>,
    #[serde(default)]
    pub failures: Vec<SetAside>,
}

impl Job {
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed" | "cancelled")
    }
}

/// A database that a job could not move.
#[derive(Debug, Deserialize)]
pub(crate) struct SetAside {
    #[serde(default)]
    pub database: Option<String>,
    #[serde(default)]
    pub database_id: Option<String>,
    #[serde(default)]
    pub error: Value,
}

impl SetAside {
    pub fn name(&self) -> &str {
        self.database.as_deref().or(self.database_id.as_deref()).unwrap_or("(unnamed)")
    }

    pub fn reason(&self) -> String {
        reason(&self.error)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Database {
    pub id: String,
    pub name: String,
    pub template: String,
    pub version: u64,
    pub status: String,
    #[serde(default)]
    pub created_at: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TemplateSummary {
    pub name: String,
    /// The newest released version, 0 when there is none.
    pub version: u64,
    #[serde(default)]
    pub latest_version: u64,
    #[serde(default)]
    pub databases: u64,
    #[serde(default)]
    pub created_at: Option<i64>,
}

/// A version in a template's history.
#[derive(Debug, Deserialize)]
pub(crate) struct Version {
    pub version: u64,
    pub state: String,
    #[serde(default)]
    pub changes: Vec<Change>,
    #[serde(default)]
    pub created_at: Option<i64>,
    #[serde(default)]
    pub job_id: Option<String>,
}

/// The answer as `T`.
pub(crate) fn read<T: DeserializeOwned>(answer: &Value) -> Outcome<T> {
    T::deserialize(answer).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("The server's answer is not one this version understands: {error}."),
        )
        .hint("Use the command line of the server's own version; is the address an Atomicbase server's?")
    })
}

/// An error inside an answer: a text, or an object with `detail`.
fn reason(error: &Value) -> String {
    let text = error.as_str().or_else(|| error.get("detail").and_then(Value::as_str));
    match (text, error) {
        (Some(text), _) => text.to_owned(),
        (None, Value::Null) => "no reason given".to_owned(),
        (None, other) => other.to_string(),
    }
}

/// A time, or `-` where there is none.
pub(crate) fn time(unix_seconds: Option<i64>) -> String {
    unix_seconds.map_or_else(|| "-".to_owned(), utc)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Pushed, read, reason};
    use crate::exit::Exit;

    #[test]
    fn reasons_come_as_text_or_as_problems() {
        assert_eq!(reason(&json!("UNIQUE constraint failed")), "UNIQUE constraint failed");
        assert_eq!(reason(&json!({ "code": "MIGRATION_FAILED", "detail": "no" })), "no");
        assert_eq!(reason(&json!(null)), "no reason given");
        assert_eq!(reason(&json!({ "code": "X" })), r#"{"code":"X"}"#);
    }

    #[test]
    fn an_answer_of_another_shape_is_a_failure_that_says_so() {
        let failure = read::<Pushed>(&json!({ "hello": "world" })).unwrap_err();
        assert_eq!(failure.exit, Exit::Failed);
        assert!(failure.message.contains("missing field `version`"), "{}", failure.message);
    }
}
