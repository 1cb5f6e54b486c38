//! Random rows that keep every rule of their table, with values few enough that rows and conditions meet.

use schema::{Column, ColumnType, Table, Template};
use serde_json::{Value, json};

use super::super::choices::Choices;
use super::super::kind::{Collation, Kind};
use super::Rows;
use super::template::STATES;

const TEXTS: [&str; 13] = ["", "a", "A", "ab", "aB", "b", "a ", "é", "É", "a%b", "a_B", "[y]", "x'; --\""];
/// Texts of columns that are searched.
const PHRASES: [&str; 9] =
    ["", "apple", "Apple pie", "red apple, red", "a pie", "b-a c", "RED", "pie pie (apple)", "'a' \"b\""];

/// Two to the hundredth: its sums are exact in whatever order they are made.
const LARGE: f64 = 1_267_650_600_228_229_401_496_703_205_376.0;

pub(crate) fn rows(template: &Template, choices: &mut Choices) -> Rows {
    let mut all = Rows::new();
    for table in &template.tables {
        all.insert(table.name.clone(), Vec::new());
        for _ in 0..choices.below(16) {
            let cells = table
                .columns
                .iter()
                .map(|column| (column.name.clone(), cell(template, table, column, &all, choices)));
            let row = complete(table, Value::Object(cells.collect()));
            let kept = all.entry(table.name.clone()).or_default();
            let lacks =
                table.columns.iter().any(|column| table.refuses_null(column) && row[&column.name].is_null());
            if !lacks && !kept.iter().any(|other| collides(table, other, &row)) {
                kept.push(row);
            }
        }
    }
    all
}

/// The row with the values of its generated columns.
pub(crate) fn complete(table: &Table, mut row: Value) -> Value {
    for column in &table.columns {
        let Some(generated) = &column.generated else { continue };
        row[&column.name] = match generated.sql.as_str() {
            "\"id\" % 2" => json!(row["id"].as_i64().unwrap() % 2),
            "length(\"key\")" => row["key"].as_str().map_or(Value::Null, |key| key.chars().count().into()),
            other => panic!("{other}"),
        };
    }
    row
}

/// A value for a column, one that exists where it refers to another.
pub(crate) fn cell(
    template: &Template,
    table: &Table,
    column: &Column,
    all: &Rows,
    choices: &mut Choices,
) -> Value {
    if !table.refuses_null(column) && choices.once_in(4) {
        return Value::Null;
    }
    let Some(reference) = &column.references else { return value(table, column, choices) };
    let keys = all.get(&reference.table).into_iter().flatten().map(|row| row[&reference.column].clone());
    let keys: Vec<Value> = keys.filter(|key| !key.is_null()).collect();
    if keys.is_empty() {
        return Value::Null;
    }
    let key = choices.one_of(&keys);
    let referred = template.table(&reference.table).unwrap().column(&reference.column).unwrap();
    // What the key's collation takes for the same is a reference too.
    match (key.as_str(), Kind::of(referred).collation, choices.once_in(2)) {
        (Some(text), Collation::NoCase, true) => text.to_ascii_uppercase().into(),
        (Some(text), Collation::Rtrim, true) => format!("{text} ").into(),
        _ => key,
    }
}

/// A value of the column's type that its checks allow.
pub(crate) fn value(table: &Table, column: &Column, choices: &mut Choices) -> Value {
    let is_searched = table.fts.as_ref().is_some_and(|fts| fts.columns.contains(&column.name));
    match column.column_type {
        ColumnType::Text if is_searched => json!(choices.one_of(&PHRASES)),
        ColumnType::Text if column.enum_values.is_some() => json!(choices.one_of(&STATES)),
        ColumnType::Text | ColumnType::Id => json!(choices.one_of(&TEXTS)),
        ColumnType::Integer if column.check.is_some() => json!(choices.one_of(&[0, 1, 2, -1, 4])),
        ColumnType::Integer => {
            json!(choices.one_of(&[0, 1, 2, 3, -1, i64::MAX, i64::MIN, 9_007_199_254_740_993]))
        }
        ColumnType::Real => json!(choices.one_of(&[0.0, 1.0, -1.5, 2.5, LARGE])),
        ColumnType::Boolean => json!(choices.once_in(2)),
        ColumnType::Timestamp => json!(choices.one_of(&[0, 1, 2, 1_700_000_000])),
        ColumnType::Blob => json!(choices.one_of(&["", "AA==", "AP8=", "AQ=="])),
        ColumnType::Json => choices.one_of(&documents()),
    }
}

fn documents() -> Vec<Value> {
    vec![
        json!([]),
        json!({"b": [1, "x"], "a": null}),
        json!("a"),
        json!(7),
        json!({"a": {"b": 1}}),
        json!({"a": {"b": "x"}, "0": 1}),
        json!({"a": {"b": true}, "é": 1}),
        json!({"a": 1.5}),
        json!({"a": [{"b": 2}, 1]}),
        json!({"a": "1", "b": {"0": 1}}),
        json!({"a": i64::MAX, "b": []}),
        json!({"a.b": 3, "a": {"b": 1.0}}),
        json!([3, "x", false]),
    ]
}

pub(crate) fn collides(table: &Table, one: &Value, other: &Value) -> bool {
    let same =
        |name: &String| Kind::of(table.column(name).unwrap()).equals(&one[name], &other[name]) == Some(true);
    std::iter::once(&table.primary_key).chain(&table.unique).any(|set| set.iter().all(same))
}
