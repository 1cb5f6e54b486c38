//! Random policies: what each role may do with each table.

use schema::{Table, Template};
use serde_json::{Map, Value, json};

use super::super::ask::Asker;
use super::super::choices::Choices;

const ROLES: [&str; 6] = ["member", "viewer", "editor", "anonymous", "admin", "owner"];

pub(super) fn policies(template: &Template, choices: &mut Choices) -> Value {
    let mut policies = Map::new();
    for table in &template.tables {
        if choices.once_in(3) {
            continue;
        }
        let mut roles = Map::new();
        for role in ROLES {
            match choices.below(5) {
                0..=2 => roles.insert(role.to_owned(), rules(template, table, choices)),
                3 if role != "member" => roles.insert(role.to_owned(), json!("all")),
                _ => None,
            };
        }
        policies.insert(table.name.clone(), roles.into());
    }
    policies.into()
}

fn rules(template: &Template, table: &Table, choices: &mut Choices) -> Value {
    let mut rules = json!({});
    for name in ["select", "insert", "delete"] {
        rules[name] = rule(template, table, choices);
    }
    rules["update"] = rule(template, table, choices);
    if choices.once_in(2) {
        rules["update"] = json!({"using": rules["update"], "check": rule(template, table, choices)});
    }
    let hides = |name: &str, choices: &mut Choices| !table.in_primary_key(name) && choices.once_in(6);
    let hidden = table.columns.iter().filter(|column| hides(&column.name, choices));
    let hidden: Vec<&String> = hidden.map(|column| &column.name).collect();
    rules["hidden"] = json!(hidden);
    rules
}

fn rule(template: &Template, table: &Table, choices: &mut Choices) -> Value {
    let condition = |choices: &mut Choices| Asker::of_policy(template, choices).condition(table, 2);
    match choices.below(6) {
        0 | 1 => json!(true),
        2 => json!(false),
        3 => (0..1 + choices.below(2)).map(|_| condition(choices)).collect(),
        _ => json!([{"or": (0..3).map(|_| condition(choices)).collect::<Vec<_>>()}]),
    }
}
