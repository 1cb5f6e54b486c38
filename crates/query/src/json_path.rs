//! Paths into `json` columns: `meta->a.b.0`. A value there is compared by the type of the value given.

use atomicbase_core::{Code, Problem};
use schema::ColumnType;

use super::condition::{JsonType, Operator};
use super::fault::{Fault, Place};
use super::fields::Json;

/// Longest path, bytes, and most steps of one.
const BYTES: usize = 256;
const STEPS: usize = 16;

impl JsonType {
    /// The column type whose values compare like it.
    pub(super) fn column_type(self) -> ColumnType {
        match self {
            JsonType::Text => ColumnType::Text,
            JsonType::Number => ColumnType::Real,
            JsonType::Boolean => ColumnType::Boolean,
            JsonType::Any => ColumnType::Json,
        }
    }
}

/// `a.b.0` as SQLite's path, `$."a"."b"[0]`: digits index a list. It is bound, never part of the SQL.
pub(super) fn read(path: &str, place: &Place<'_>) -> Result<String, Problem> {
    let steps: Vec<&str> = path.split('.').collect();
    let wrong = |step: &&str| step.is_empty() || step.contains(['"', '\\', '\0']);
    if path.len() > BYTES || steps.len() > STEPS || steps.iter().any(wrong) {
        let message = format!(
            "A path is names and numbers between points, at most {STEPS} and {BYTES} bytes, without quotes."
        );
        return Err(Fault::query(place, message));
    }
    let step = |step: &&str| match step.parse::<u32>() {
        Ok(index) if step.bytes().all(|byte| byte.is_ascii_digit()) => format!("[{index}]"),
        _ => format!(".\"{step}\""),
    };
    Ok(format!("${}", steps.iter().map(step).collect::<String>()))
}

/// The type by which an operator compares: that of its values, which is one.
pub(super) fn type_of(operator: Operator, json: &Json<'_>, place: &Place<'_>) -> Result<JsonType, Problem> {
    let of = |json: &Json<'_>| match json {
        Json::Text(_) => Some(JsonType::Text),
        Json::Number(_) => Some(JsonType::Number),
        Json::Bool(_) => Some(JsonType::Boolean),
        _ => None,
    };
    match (operator, json) {
        (Operator::Is | Operator::IsNot, Json::Null) => Ok(JsonType::Any),
        // Its operators are read one by one.
        (Operator::IsNot, Json::Object(_)) => Ok(JsonType::Any),
        (Operator::In | Operator::Between, Json::List(list)) if list.is_empty() => Ok(JsonType::Text),
        (Operator::In | Operator::Between, Json::List(list)) => {
            let first = list.first().and_then(of);
            let same = first.filter(|first| list.iter().all(|json| of(json) == Some(*first)));
            same.ok_or_else(|| {
                Fault::at(Code::TypeMismatch, place, "The values are texts, numbers or booleans, all alike.")
            })
        }
        (_, json) => of(json).ok_or_else(|| {
            Fault::at(
                Code::TypeMismatch,
                place,
                "A value in JSON is compared with a text, a number or a boolean.",
            )
            .hint("Write {\"is\": null} where there is none.")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_quoted_and_digits_index() {
        let read = |path: &str| super::read(path, &Place::Start(""));
        assert_eq!(read("a.b c.0.1x").unwrap(), "$.\"a\".\"b c\"[0].\"1x\"");
        for bad in ["", "a..b", "a\"b", "a\\b", &"x".repeat(257), &["a"; 17].join(".")] {
            assert_eq!(read(bad).unwrap_err().code(), Code::InvalidQuery, "{bad}");
        }
    }
}
