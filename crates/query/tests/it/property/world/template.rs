//! A random template: keys of every kind, collations, references, a join table, full-text search, generated columns, enums.

use schema::Template;
use serde_json::{Map, Value, json};

use super::super::choices::Choices;
use super::policies::policies;

/// Those of which there is more to ask stand twice.
const TYPES: [&str; 10] =
    ["text", "integer", "real", "boolean", "timestamp", "blob", "json", "text", "integer", "json"];
const COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];
const ACTIONS: [&str; 4] = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"];
pub(super) const STATES: [&str; 3] = ["todo", "doing", "done"];

/// A column that foreign keys may refer to.
#[derive(Clone)]
struct Key {
    table: &'static str,
    column: &'static str,
    definition: Value,
}

pub(crate) fn template(choices: &mut Choices, of_policies: &mut Choices) -> Template {
    let mut tables = Vec::new();
    let mut keys = Vec::new();
    for name in ["select", "b", "C", "_"].into_iter().take(1 + choices.below(4)) {
        tables.push(table(name, &mut keys, choices));
    }
    tables.extend(join_table(&keys, choices));
    let mut template = json!({"format": 1, "name": "random", "tables": tables});
    if of_policies.once_in(2) {
        template["policies"] = policies(&parse(&template), of_policies);
    }
    parse(&template)
}

fn parse(template: &Value) -> Template {
    Template::parse(template).unwrap_or_else(|faults| panic!("{faults:?}\n{template:#}"))
}

fn table(name: &'static str, keys: &mut Vec<Key>, choices: &mut Choices) -> Value {
    let mut columns = Vec::new();
    let mut auto_increment = false;
    let key = match choices.below(5) {
        0 => {
            auto_increment = choices.once_in(3);
            vec![plain("id", "integer")]
        }
        1 => vec![text("id", choices)],
        2 => vec![plain("id", "id")],
        3 => vec![plain("id", "timestamp")],
        _ => vec![text("part", choices), plain("rowid", "integer")],
    };
    let primary_key: Vec<Value> = key.iter().map(|column| column["name"].clone()).collect();
    if let [only] = key.as_slice() {
        keys.push(Key { table: name, column: "id", definition: only.clone() });
    }
    columns.extend(key);
    let mut unique: Vec<Vec<Value>> = Vec::new();
    if choices.once_in(2) {
        columns.push(text("key", choices));
        keys.push(Key { table: name, column: "key", definition: columns[columns.len() - 1].clone() });
        unique.push(vec![json!("key")]);
    }
    for name in ["v0", "v1", "v2", "v3"].into_iter().take(choices.below(5)) {
        columns.push(valued(name, choices));
    }
    let valued =
        columns.iter().filter(|column| column["name"].as_str().is_some_and(|name| name.starts_with('v')));
    if let [one, other, ..] = valued.collect::<Vec<_>>().as_slice()
        && choices.once_in(4)
    {
        unique.push(vec![one["name"].clone(), other["name"].clone()]);
    }
    for name in ["f0", "f1"].into_iter().take(choices.below(3)) {
        columns.extend((!keys.is_empty()).then(|| reference(name, &choices.one_of(keys), choices)));
    }
    columns.extend(generated(&columns, choices));
    let mut table =
        json!({"name": name, "primary_key": primary_key, "unique": unique, "auto_increment": auto_increment});
    let searched = searched(&columns, choices);
    if !searched.is_empty() {
        table["fts"] = json!({ "columns": searched });
    }
    table["columns"] = columns.into();
    table
}

fn plain(name: &str, column_type: &str) -> Value {
    json!({"name": name, "type": column_type})
}

fn text(name: &str, choices: &mut Choices) -> Value {
    json!({"name": name, "type": "text", "collate": choices.one_of(&COLLATIONS)})
}

/// A column that holds nothing but a value: with a default, an enum, a check, NOT NULL, or none of these.
fn valued(name: &str, choices: &mut Choices) -> Value {
    let column_type = choices.one_of(&TYPES);
    let mut column = if column_type == "text" { text(name, choices) } else { plain(name, column_type) };
    column["not_null"] = choices.once_in(5).into();
    match (column_type, choices.below(6)) {
        ("text", 5) => column["enum"] = json!(STATES),
        ("integer", 5) => column["check"] = format!("\"{name}\" <> 3").into(),
        ("text", 4) => column["default"] = json!({"value": "a"}),
        ("integer" | "timestamp" | "real", 4) => column["default"] = json!({"value": 1}),
        ("boolean", 4) => column["default"] = json!({"value": true}),
        ("json", 4) => column["default"] = json!({"value": {"a": 1}}),
        _ => {}
    }
    column
}

fn reference(name: &str, key: &Key, choices: &mut Choices) -> Value {
    let mut column = key.definition.clone();
    column["name"] = name.into();
    match column["type"].as_str() {
        Some("text") => column["collate"] = choices.one_of(&COLLATIONS).into(),
        Some("id") => column["type"] = "text".into(),
        _ => {}
    }
    column["references"] = json!({
        "table": key.table, "column": key.column,
        "on_delete": choices.one_of(&ACTIONS), "on_update": choices.one_of(&ACTIONS),
    });
    column
}

/// Two values that only `complete` needs to know.
fn generated(columns: &[Value], choices: &mut Choices) -> Option<Value> {
    let stored = choices.once_in(2);
    let column =
        |sql: &str| json!({"name": "g", "type": "integer", "generated": {"sql": sql, "stored": stored}});
    let holds = |name: &str, column_type: &str| {
        columns.iter().any(|column| column["name"] == name && column["type"] == column_type)
    };
    match choices.below(4) {
        0 if holds("key", "text") => Some(column("length(\"key\")")),
        1 if holds("id", "integer") => Some(column("\"id\" % 2")),
        _ => None,
    }
}

fn searched(columns: &[Value], choices: &mut Choices) -> Vec<Value> {
    if choices.once_in(4) {
        return Vec::new();
    }
    let is_searched = |column: &&Value| {
        let valued = column["name"].as_str().is_some_and(|name| name.starts_with('v'));
        valued && column["type"] == "text" && column["enum"].is_null()
    };
    columns.iter().filter(is_searched).map(|column| column["name"].clone()).collect()
}

/// Rows that relate the rows of two other tables.
fn join_table(keys: &[Key], choices: &mut Choices) -> Option<Value> {
    let (one, other) = (keys.first()?, keys.last()?);
    if one.table == other.table || choices.once_in(3) {
        return None;
    }
    let key = |name: &str, key: &Key| {
        let mut column: Map<String, Value> = key.definition.as_object().cloned().unwrap_or_default();
        column.insert("name".to_owned(), name.into());
        if column["type"] == "id" {
            column.insert("type".to_owned(), "text".into());
        }
        column.insert(
            "references".to_owned(),
            json!({"table": key.table, "column": key.column, "on_delete": "CASCADE"}),
        );
        Value::from(column)
    };
    let mut columns = vec![key("one", one), key("other", other)];
    if choices.once_in(2) {
        columns.push(valued("v0", choices));
    }
    if choices.once_in(2) {
        return Some(json!({"name": "link", "columns": columns, "primary_key": ["other", "one"]}));
    }
    columns.insert(0, plain("id", "integer"));
    Some(json!({"name": "link", "columns": columns, "primary_key": ["id"], "unique": [["one", "other"]]}))
}
