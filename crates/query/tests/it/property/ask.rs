//! Random selects and conditions that fit a template.

use schema::{Column, Table, Template};
use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::world::value;

pub(crate) fn select(template: &Template, table: &Table, choices: &mut Choices) -> Value {
    let mut body = Map::new();
    if choices.once_in(2) {
        body.insert("select".to_owned(), items(template, table, choices, 3));
    }
    if choices.once_in(2) {
        body.insert("where".to_owned(), conditions(table, choices));
    }
    if choices.once_in(2) {
        let order =
            |choices: &mut Choices| json!({choices.one_of(&names(table)): choices.one_of(&["asc", "desc"])});
        let orders = Value::Array((0..choices.below(3)).map(|_| order(choices)).collect());
        body.insert("order".to_owned(), if choices.once_in(2) { order(choices) } else { orders });
    }
    for name in ["limit", "offset"] {
        if choices.once_in(3) {
            body.insert(name.to_owned(), choices.below(6).into());
        }
    }
    body.into()
}

fn names(table: &Table) -> Vec<String> {
    table.columns.iter().map(|column| column.name.clone()).collect()
}

fn items(template: &Template, table: &Table, choices: &mut Choices, depth: usize) -> Value {
    if choices.once_in(10) {
        return choices.one_of(&names(table)).into();
    }
    let mut items = Vec::new();
    let mut labels = Vec::new();
    for number in 0..=choices.below(4) {
        let relations = if depth == 0 { Vec::new() } else { relations(template, table) };
        if relations.is_empty() || choices.once_in(2) {
            items.push(if choices.once_in(4) { json!("*") } else { choices.one_of(&names(table)).into() });
            continue;
        }
        let (from, other) = choices.one_of(&relations);
        let inner = items_or_all(template, other, choices, depth - 1);
        let alone = relations.iter().filter(|(_, table)| table.name == other.name).count() == 1;
        if alone && choices.once_in(2) && !labels.contains(&other.name) {
            // The table's name is enough.
            labels.push(other.name.clone());
            items.push(json!({&other.name: inner.unwrap_or_else(|| json!(["*"]))}));
        } else {
            let mut asked = json!({"from": from});
            if let Some(inner) = inner {
                asked["select"] = inner;
            }
            items.push(json!({format!("\"r{number}"): asked}));
        }
    }
    items.into()
}

fn items_or_all(template: &Template, table: &Table, choices: &mut Choices, depth: usize) -> Option<Value> {
    (!choices.once_in(4)).then(|| items(template, table, choices, depth))
}

/// Every relation of a table by its unambiguous name.
fn relations<'a>(template: &'a Template, table: &Table) -> Vec<(String, &'a Table)> {
    let mut all = Vec::new();
    for other in &template.tables {
        for column in &other.columns {
            let Some(reference) = &column.references else { continue };
            if other.name == table.name {
                all.push((format!("!{}", column.name), template.table(&reference.table).unwrap()));
            }
            if reference.table == table.name {
                all.push((format!("{}!{}", other.name, column.name), other));
            }
        }
    }
    all
}

pub(crate) fn conditions(table: &Table, choices: &mut Choices) -> Value {
    if choices.once_in(4) {
        return condition(table, choices, 3);
    }
    (0..1 + choices.below(3)).map(|_| condition(table, choices, 3)).collect()
}

fn condition(table: &Table, choices: &mut Choices, depth: usize) -> Value {
    let group = |choices: &mut Choices| -> Value {
        (0..=choices.below(3)).map(|_| condition(table, choices, depth - 1)).collect()
    };
    if depth > 0 && choices.once_in(3) {
        return match choices.below(4) {
            0 => json!({"and": group(choices)}),
            1 => json!({"or": group(choices)}),
            2 => json!({"not": group(choices)}),
            _ => json!({"not": condition(table, choices, depth - 1)}),
        };
    }
    let mut members = Map::new();
    for _ in 0..1 + usize::from(choices.once_in(3)) {
        let column = &table.columns[choices.below(table.columns.len())];
        let mut operators = Map::new();
        for _ in 0..1 + usize::from(choices.once_in(3)) {
            let (operator, value) = comparison(column, choices);
            operators.insert(operator.to_owned(), value);
        }
        if choices.once_in(5) {
            operators = Map::from_iter([("not".to_owned(), operators.into())]);
        }
        members.insert(column.name.clone(), operators.into());
    }
    members.into()
}

fn comparison(column: &Column, choices: &mut Choices) -> (&'static str, Value) {
    const SCALAR: [&str; 6] = ["eq", "neq", "gt", "gte", "lt", "lte"];
    const LIKE: [&str; 8] = ["a", "A%", "%b", "_", "%_%", "a\\%b", "%", "É%"];
    const GLOB: [&str; 10] = ["a", "A*", "*b", "?", "[ab]*", "[^a]", "[a-b]?", "[]y]", "[[]y]", "[a"];
    let is_text = column.column_type.as_str() == "text";
    if column.column_type.as_str() == "json" {
        return (choices.one_of(&["is", "not"]), Value::Null);
    }
    match choices.below(if is_text { 8 } else { 6 }) {
        0..=1 => (choices.one_of(&SCALAR), value(column, choices)),
        2 => ("in", (0..choices.below(4)).map(|_| value(column, choices)).collect()),
        3 => ("between", json!([value(column, choices), value(column, choices)])),
        4 => (choices.one_of(&["is", "not"]), Value::Null),
        5 => (choices.one_of(&["is", "not"]), value(column, choices)),
        6 => ("like", choices.one_of(&LIKE).into()),
        _ => ("glob", choices.one_of(&GLOB).into()),
    }
}
