//! Values inside JSON: what a path leads to, and as what it compares.

use serde_json::Value;

use super::super::kind::Kind;

/// What `a.b.0` leads to, digits into a list; NULL where it leads nowhere or to JSON's null.
pub(super) fn value(document: &Value, path: &str) -> Value {
    path.split('.')
        .try_fold(document, |value, step| match value {
            Value::Array(list) => list.get(step.parse::<usize>().ok()?),
            Value::Object(members) if step.parse::<usize>().is_err() => members.get(step),
            _ => None,
        })
        .cloned()
        .unwrap_or_default()
}

/// What is found, as the type that it is compared with; `None` where it is of another type.
pub(super) fn compared<'v>(found: &'v Value, with: &Value) -> Option<(Kind, &'v Value)> {
    let kind = match (found, with) {
        (Value::Number(_), Value::Number(_)) => Kind::REAL,
        (Value::String(_), Value::String(_)) => Kind::TEXT,
        (Value::Bool(_), Value::Bool(_)) => Kind::BOOLEAN,
        _ => return None,
    };
    Some((kind, found))
}
