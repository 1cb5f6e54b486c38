//! A JSON value for a column: checked against the column's type, exact, before any SQL runs.

use atomicbase_core::{Code, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use db::Value as Bound;
use schema::{Column, ColumnType, Table};
use serde_json::value::RawValue;

use super::Scope;
use super::condition::Scalar;
use super::fault::{Fault, Place, shown};
use super::fields::Json;

/// Largest integer that every JSON reader holds exactly; beyond it, a string is taken too.
pub(super) const EXACT: i64 = 1 << 53;
/// How deep SQLite's JSON nests.
const JSON_DEPTH: usize = 1_000;

/// What has a value, for a refusal: its name and its type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed<'a> {
    pub name: &'a str,
    pub column_type: ColumnType,
}

impl<'a> Typed<'a> {
    pub(super) fn of(column: &'a Column) -> Self {
        Self { name: &column.name, column_type: column.column_type }
    }
}

/// A value that is to be stored: also NULL, the enum and what JSON columns hold.
pub(super) fn store<'t>(
    scope: &Scope<'_>,
    table: &Table,
    column: &Column,
    raw: &RawValue,
    place: &Place<'_>,
) -> Result<Scalar<'t>, Problem> {
    if raw.get() == "null" {
        if table.refuses_null(column) {
            let message = format!("`{}.{}` must have a value.", table.name, column.name);
            return Err(Fault::at(Code::NotNullViolation, place, message));
        }
        return Ok(Scalar::Value(Bound::Null));
    }
    if column.column_type == ColumnType::Json {
        check_json(raw.get())
            .map_err(|fault| Fault::at(Code::CheckViolation, place, format!("`{}` {fault}.", column.name)))?;
        // As it was sent: no number in it is read and written again.
        return Ok(Scalar::Value(Bound::Text(raw.get().to_owned())));
    }
    let typed = Typed::of(column);
    let value: Json<'_> = serde_json::from_str(raw.get()).map_err(|_| mismatch(typed, raw.get(), place))?;
    if let Json::Object(members) = &value
        && let [(word, Json::Text(name))] = members.as_slice()
        && word == "$ref"
    {
        return scope.given(name, typed, &place.field("$ref")).map(Scalar::Given);
    }
    let bound = compare(typed, &value, place)?;
    if let (Some(allowed), Bound::Text(text)) = (&column.enum_values, &bound)
        && !allowed.contains(text)
    {
        let message = format!("`{}` is not one of {}.", shown(text), allowed.join(", "));
        return Err(Fault::at(Code::CheckViolation, place, message));
    }
    Ok(Scalar::Value(bound))
}

/// A value that a column is compared with. NULL is not one (`is` asks for it), and neither is JSON.
pub(super) fn compare(typed: Typed<'_>, value: &Json<'_>, place: &Place<'_>) -> Result<Bound, Problem> {
    let bound = match (typed.column_type, value) {
        (ColumnType::Text | ColumnType::Id, Json::Text(text)) if text.contains('\0') => {
            // SQLite's functions, patterns and collations see a text only as far as its first NUL.
            let message = format!("`{}` takes text, which holds no NUL character.", typed.name);
            return Err(Fault::at(Code::TypeMismatch, place, message).hint("Keep bytes in a `blob` column."));
        }
        (ColumnType::Text | ColumnType::Id, Json::Text(text)) => Some(Bound::Text(text.as_ref().to_owned())),
        (ColumnType::Integer | ColumnType::Timestamp, value) => integer(value).map(Bound::Integer),
        (ColumnType::Real, Json::Number(number)) => number.as_f64().map(Bound::Real),
        (ColumnType::Boolean, Json::Bool(truth)) => Some(Bound::Integer((*truth).into())),
        (ColumnType::Blob, Json::Text(text)) => {
            let text = text.as_bytes();
            STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok().map(Bound::Blob)
        }
        _ => None,
    };
    bound.ok_or_else(|| mismatch(typed, &value.to_string(), place))
}

fn integer(value: &Json<'_>) -> Option<i64> {
    match value {
        Json::Number(number) => number.as_i64(),
        // A client that reads big integers as strings sends them as strings.
        Json::Text(digits) => {
            let number = digits.parse().ok().filter(|number: &i64| !(-EXACT..=EXACT).contains(number));
            number.filter(|number| number.to_string() == **digits)
        }
        _ => None,
    }
}

/// What the grammar of JSON allows and a database or a reader of the answer does not.
fn check_json(text: &str) -> Result<(), String> {
    let (mut depth, mut in_string, mut high) = (0, false, false);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let was_high = std::mem::take(&mut high);
        let mut low = false;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' => {
                bytes.next();
                let unit = text.get(at + 2..at + 6).filter(|_| text[at + 1..].starts_with('u'));
                let unit = unit.and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or_default();
                high = (0xD800..0xDC00).contains(&unit);
                low = (0xDC00..0xE000).contains(&unit);
                if high || low {
                    bytes.nth(3);
                }
            }
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        if was_high != low {
            return Err("holds half of a surrogate pair, which is no character".to_owned());
        }
        if depth > JSON_DEPTH {
            return Err(format!("nests more than {JSON_DEPTH} levels deep"));
        }
    }
    Ok(())
}

fn mismatch(typed: Typed<'_>, given: &str, place: &Place<'_>) -> Problem {
    let wanted = match typed.column_type {
        ColumnType::Text | ColumnType::Id => "text",
        ColumnType::Integer => "an integer of 64 bits",
        ColumnType::Timestamp => "a timestamp: whole unix seconds",
        ColumnType::Real => "a number",
        ColumnType::Boolean => "true or false",
        ColumnType::Blob => "bytes as base64 text",
        ColumnType::Json => "JSON",
    };
    Fault::at(Code::TypeMismatch, place, format!("`{}` takes {wanted}, not {}.", typed.name, shown(given)))
}
