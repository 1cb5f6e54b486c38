//! A JSON value for a column: checked against the column's type, exact, before any SQL runs.

use atomicbase_core::{Code, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use db::Value as Bound;
use schema::{Column, ColumnType, Table};
use serde_json::Value;
use serde_json::value::RawValue;

use super::fault::{Fault, shown};

/// Largest integer that every JSON reader holds exactly; beyond it, a string is taken too.
const EXACT: i64 = 1 << 53;

/// A value that is to be stored: also NULL, the enum and what JSON columns hold.
pub(super) fn store(table: &Table, column: &Column, raw: &RawValue, path: &str) -> Result<Bound, Problem> {
    if raw.get() == "null" {
        if table.refuses_null(column) {
            let message = format!("`{}.{}` must have a value.", table.name, column.name);
            return Err(Fault::at(Code::NotNullViolation, path, message));
        }
        return Ok(Bound::Null);
    }
    if column.column_type == ColumnType::Json {
        // As it was sent: no number in it is read and written again.
        return Ok(Bound::Text(raw.get().to_owned()));
    }
    let value: Value = serde_json::from_str(raw.get()).map_err(|_| mismatch(column, raw.get(), path))?;
    let bound = compare(column, &value, path)?;
    if let (Some(allowed), Bound::Text(text)) = (&column.enum_values, &bound)
        && !allowed.contains(text)
    {
        let message = format!("`{}` is not one of {}.", shown(text), allowed.join(", "));
        return Err(Fault::at(Code::CheckViolation, path, message));
    }
    Ok(bound)
}

/// A value that a column is compared with. NULL is not one: `is` asks for it.
pub(super) fn compare(column: &Column, value: &Value, path: &str) -> Result<Bound, Problem> {
    let bound = match (column.column_type, value) {
        (ColumnType::Text | ColumnType::Id, Value::String(text)) => Some(Bound::Text(text.clone())),
        (ColumnType::Integer | ColumnType::Timestamp, value) => integer(value).map(Bound::Integer),
        (ColumnType::Real, Value::Number(number)) => number.as_f64().map(Bound::Real),
        (ColumnType::Boolean, Value::Bool(truth)) => Some(Bound::Integer((*truth).into())),
        (ColumnType::Blob, Value::String(text)) => {
            STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok().map(Bound::Blob)
        }
        (ColumnType::Json, value) => Some(Bound::Text(value.to_string())),
        _ => None,
    };
    bound.ok_or_else(|| mismatch(column, &value.to_string(), path))
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        // A client that reads big integers as strings sends them as strings.
        Value::String(digits) => {
            digits.parse().ok().filter(|number: &i64| !(-EXACT..=EXACT).contains(number))
        }
        _ => None,
    }
}

fn mismatch(column: &Column, given: &str, path: &str) -> Problem {
    let wanted = match column.column_type {
        ColumnType::Text | ColumnType::Id => "text",
        ColumnType::Integer => "an integer of 64 bits",
        ColumnType::Timestamp => "a timestamp: whole unix seconds",
        ColumnType::Real => "a number",
        ColumnType::Boolean => "true or false",
        ColumnType::Blob => "bytes as base64 text",
        ColumnType::Json => "JSON",
    };
    Fault::at(Code::TypeMismatch, path, format!("`{}` takes {wanted}, not {}.", column.name, shown(given)))
}
