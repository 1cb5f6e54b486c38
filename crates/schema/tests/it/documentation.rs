//! Every example of docs/template-format.md is what it says it is.

use std::path::Path;

use schema::{Change, ChangeKind, Template};
use serde_json::{Value, json};

use crate::fixtures::{template, valid_names};

fn examples() -> Vec<Value> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/template-format.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}\n{block}")))
        .collect()
}

/// A table, a column or policies as part of a template that has what they refer to.
fn surround(example: &Value) -> Value {
    let id = json!({"name": "id", "type": "id"});
    if let Some(policies) = example.get("policies") {
        let text = |name: &str| json!({"name": name, "type": "text"});
        let project = json!({"name": "project_id", "type": "text", "references": {"table": "projects", "column": "id"}});
        let columns = json!([id, project, text("status"), text("budget"), text("assigned_to")]);
        let tasks = json!({"name": "tasks", "columns": columns, "primary_key": ["id"]});
        let projects = json!({"name": "projects", "columns": [id, text("owner")], "primary_key": ["id"]});
        return json!({"format": 1, "name": "example", "tables": [tasks, projects], "policies": policies});
    }
    let table = if example.get("columns").is_some() {
        example.clone()
    } else {
        json!({"name": "examples", "columns": [id, example], "primary_key": ["id"]})
    };
    let projects = json!({"name": "projects", "columns": [id], "primary_key": ["id"]});
    json!({"format": 1, "name": "example", "tables": [table, projects]})
}

#[test]
fn the_examples_are_canonical_templates_or_parts_of_one() {
    let mut templates = 0;
    for example in examples() {
        if example.get("op").is_some() {
            let change: Change = serde_json::from_value(example.clone()).unwrap();
            assert_eq!(change.op, change.kind.op());
            assert_eq!(serde_json::to_value(change).unwrap(), example);
            continue;
        }
        let whole = if example.get("format").is_some() { example } else { surround(&example) };
        let parsed = Template::parse(&whole).unwrap_or_else(|errors| panic!("{errors:#?}\n{whole:#}"));
        assert_eq!(serde_json::from_str::<Value>(&parsed.to_json()).unwrap(), whole);
        templates += usize::from(valid_names().iter().any(|name| template(name) == parsed));
    }
    assert_eq!(templates, 1, "the page shows one whole template, which is a fixture");
}

#[test]
fn the_page_names_every_kind_of_change() {
    let page = include_str!("../../../../docs/template-format.md");
    let all = page.split('`').filter_map(|word| serde_json::from_value::<ChangeKind>(json!(word)).ok());
    let named: std::collections::HashSet<ChangeKind> = all.collect();
    // The last kind's number is one less than how many there are.
    assert_eq!(named.len(), ChangeKind::ChangePolicies as usize + 1);
}
