//! A random template, and random rows that fit it.

use std::cmp::Ordering;
use std::collections::HashMap;

use schema::{Column, Table, Template};
use serde_json::{Value, json};

use super::choices::Choices;
use super::evaluate::order_of;

/// The rows of each table, as JSON.
pub(crate) type Rows = HashMap<String, Vec<Value>>;

const TYPES: [&str; 7] = ["text", "integer", "real", "boolean", "timestamp", "blob", "json"];
const COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

pub(crate) fn template(choices: &mut Choices) -> Template {
    let mut tables: Vec<Value> = Vec::new();
    // The columns of each table that foreign keys may refer to, with their types.
    let mut keys: Vec<(String, &str, &str)> = Vec::new();
    for name in ["select", "b", "C", "_"].into_iter().take(1 + choices.below(4)) {
        let mut columns = Vec::new();
        let primary_key = match choices.below(3) {
            0 => {
                columns.push(json!({"name": "id", "type": "integer"}));
                keys.push((name.to_owned(), "id", "integer"));
                vec!["id"]
            }
            1 => {
                columns.push(text("id", choices));
                keys.push((name.to_owned(), "id", "text"));
                vec!["id"]
            }
            _ => {
                columns.push(json!({"name": "rowid", "type": "integer"}));
                columns.push(text("part", choices));
                vec!["part", "rowid"]
            }
        };
        let mut unique = Vec::new();
        if choices.once_in(2) {
            columns.push(text("key", choices));
            keys.push((name.to_owned(), "key", "text"));
            unique.push(vec!["key"]);
        }
        for name in ["v0", "v1", "v2"].into_iter().take(choices.below(4)) {
            let column_type = choices.one_of(&TYPES);
            let plain = json!({"name": name, "type": column_type});
            columns.push(if column_type == "text" { text(name, choices) } else { plain });
        }
        for name in ["f0", "f1"].into_iter().take(choices.below(3)) {
            let Some((table, column, column_type)) = (!keys.is_empty()).then(|| choices.one_of(&keys)) else {
                continue;
            };
            let plain = json!({"name": name, "type": column_type});
            let mut key = if column_type == "text" { text(name, choices) } else { plain };
            key["references"] = json!({"table": table, "column": column});
            columns.push(key);
        }
        tables.push(json!({"name": name, "columns": columns, "primary_key": primary_key, "unique": unique}));
    }
    let template = json!({"format": 1, "name": "random", "tables": tables});
    Template::parse(&template).unwrap_or_else(|faults| panic!("{faults:?}\n{template:#}"))
}

fn text(name: &str, choices: &mut Choices) -> Value {
    json!({"name": name, "type": "text", "collate": choices.one_of(&COLLATIONS)})
}

pub(crate) fn rows(template: &Template, choices: &mut Choices) -> Rows {
    let mut all = Rows::new();
    for table in &template.tables {
        for _ in 0..choices.below(12) {
            let row = table
                .columns
                .iter()
                .map(|column| (column.name.clone(), cell(template, table, column, &all, choices)));
            let row = Value::Object(row.collect());
            let kept = all.entry(table.name.clone()).or_default();
            if !kept.iter().any(|other| collides(table, other, &row)) {
                kept.push(row);
            }
        }
    }
    all
}

fn cell(template: &Template, table: &Table, column: &Column, all: &Rows, choices: &mut Choices) -> Value {
    if !table.refuses_null(column) && choices.once_in(4) {
        return Value::Null;
    }
    let Some(reference) = &column.references else { return value(column, choices) };
    let keys = all.get(&reference.table).into_iter().flatten().map(|row| row[&reference.column].clone());
    let keys: Vec<Value> = keys.filter(|key| !key.is_null()).collect();
    if keys.is_empty() {
        return Value::Null;
    }
    let key = choices.one_of(&keys);
    let referred = template.table(&reference.table).unwrap().column(&reference.column).unwrap();
    // What the key's collation takes for the same is a reference too.
    match (key.as_str(), referred.collate.as_deref(), choices.once_in(2)) {
        (Some(text), Some("NOCASE"), true) => text.to_ascii_uppercase().into(),
        (Some(text), Some("RTRIM"), true) => format!("{text} ").into(),
        _ => key,
    }
}

/// A value of the column's type, from few enough that rows and conditions meet.
pub(crate) fn value(column: &Column, choices: &mut Choices) -> Value {
    match column.column_type.as_str() {
        "text" => json!(
            choices.one_of(&["", "a", "A", "ab", "aB", "b", "a ", "é", "É", "a%b", "a_B", "[y]", "x'; --\""])
        ),
        "integer" => json!(choices.one_of(&[0, 1, 2, 3, -1, i64::MAX, i64::MIN, 9_007_199_254_740_993])),
        "real" => json!(choices.one_of(&[0.0, 1.0, -1.5, 2.5, 1e300])),
        "boolean" => json!(choices.once_in(2)),
        "timestamp" => json!(choices.one_of(&[0, 1, 1_700_000_000])),
        "blob" => json!(choices.one_of(&["", "AA==", "AP8=", "AQ=="])),
        "json" => choices.one_of(&[json!([]), json!({"b": [1, "x"], "a": null}), json!("a"), json!(7)]),
        other => panic!("{other}"),
    }
}

fn collides(table: &Table, one: &Value, other: &Value) -> bool {
    let same = |name: &String| {
        let column = table.column(name).unwrap();
        let (one, other) = (&one[name], &other[name]);
        !one.is_null() && !other.is_null() && order_of(column, one, other) == Ordering::Equal
    };
    std::iter::once(&table.primary_key).chain(&table.unique).any(|set| set.iter().all(same))
}
