//! What one column may say: a default, an enum, a check, a collation and a generated value that go together.

use std::collections::HashSet;

use serde_json::Value;

use super::identifier::check_identifier;
use super::{MAX_ENUM_VALUES, check_sql};
use crate::fault::{Faults, shown};
use crate::template::{Column, ColumnType, DefaultValue, Table};

/// The collating sequences SQLite has by itself.
const COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

pub(super) fn check(table: &Table, column: &Column, path: &str, faults: &mut Faults) {
    if column.column_type == ColumnType::Id && table.primary_key != [column.name.as_str()] {
        faults.add(format!("{path}.type"), "an id column is the primary key, by itself");
    }
    if let Some(old_name) = &column.renamed_from {
        check_identifier(old_name, &format!("{path}.renamed_from"), faults);
    }
    if let Some(check) = &column.check {
        check_sql(check, &format!("{path}.check"), faults);
    }
    if let Some(backfill) = &column.backfill {
        check_sql(backfill, &format!("{path}.backfill"), faults);
    }
    if let Some(values) = &column.enum_values {
        check_enum(column, values, &format!("{path}.enum"), faults);
    }
    if let Some(name) = &column.collate {
        check_collate(column, name, &format!("{path}.collate"), faults);
    }
    if let Some(default) = &column.default {
        check_default(table, column, default, &format!("{path}.default"), faults);
    }
    if let Some(generated) = &column.generated {
        check_sql(&generated.sql, &format!("{path}.generated.sql"), faults);
        // SQLite refuses the first; the second would have to write what is only computed.
        if column.default.is_some() {
            faults.add(format!("{path}.default"), "a generated column has no default");
        }
        if column.references.is_some() {
            faults.add(format!("{path}.references"), "a generated column cannot refer to another table");
        }
        if column.backfill.is_some() {
            faults.add(format!("{path}.backfill"), "a generated column is never filled");
        }
    }
}

fn check_enum(column: &Column, values: &[String], path: &str, faults: &mut Faults) {
    if column.column_type != ColumnType::Text {
        faults.add(path, "only a column of type text has an enum");
    }
    if values.is_empty() {
        faults.add(path, "an enum has at least one value");
    }
    if values.len() > MAX_ENUM_VALUES {
        faults.add(path, format!("an enum has at most {MAX_ENUM_VALUES} values"));
        return;
    }
    let mut seen = HashSet::new();
    for (i, value) in values.iter().enumerate() {
        if !seen.insert(value) {
            faults.add(format!("{path}[{i}]"), format!("`{}` is listed twice", shown(value)));
        }
    }
}

fn check_collate(column: &Column, name: &str, path: &str, faults: &mut Faults) {
    if column.column_type != ColumnType::Text {
        faults.add(path, "only a column of type text has a collation");
    }
    if !COLLATIONS.contains(&name) {
        let message = format!("no collation `{}`; there are {}", shown(name), COLLATIONS.join(", "));
        faults.add(path, message);
    }
}

fn check_default(table: &Table, column: &Column, default: &DefaultValue, path: &str, faults: &mut Faults) {
    if column.column_type == ColumnType::Id {
        faults.add(path, "an id column makes its own values and has no default");
        return;
    }
    if table.is_rowid_key() && table.in_primary_key(&column.name) {
        // SQLite takes the next rowid and never looks at the default.
        faults.add(path, "a primary key of one integer column is numbered and has no default");
        return;
    }
    match default {
        DefaultValue::Sql(sql) => check_sql(sql, &format!("{path}.sql"), faults),
        DefaultValue::Value(value) => {
            if let Some(message) = misfit(column, value) {
                faults.add(format!("{path}.value"), message);
            }
        }
    }
}

/// Why a constant does not fit its column.
fn misfit(column: &Column, value: &Value) -> Option<String> {
    if value.is_null() {
        // Where NULL is accepted it is what a column without a default gets, and the canonical form says nothing.
        return Some("the column refuses NULL".to_owned());
    }
    let fits = match column.column_type {
        ColumnType::Text | ColumnType::Id => value.is_string(),
        ColumnType::Integer | ColumnType::Timestamp => value.as_i64().is_some(),
        ColumnType::Real => value.as_f64().is_some_and(f64::is_finite),
        ColumnType::Boolean => value.is_boolean(),
        ColumnType::Json => true,
        ColumnType::Blob => {
            return Some("the default of a blob is written as SQL, such as x'00ff'".to_owned());
        }
    };
    let shown_value = || shown(&value.to_string());
    if !fits {
        return Some(format!("{} is no {}", shown_value(), describe(column.column_type)));
    }
    match (&column.enum_values, value) {
        (Some(values), Value::String(text)) if !values.contains(text) => {
            Some(format!("{} is not one of the enum's values", shown_value()))
        }
        _ => None,
    }
}

fn describe(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text | ColumnType::Id => "text",
        ColumnType::Integer => "integer of 64 bits",
        ColumnType::Timestamp => "number of unix seconds",
        ColumnType::Real => "number",
        ColumnType::Boolean => "boolean",
        ColumnType::Json => "JSON",
        ColumnType::Blob => "blob",
    }
}
