//! Each limit at its edge, and templates as large as they get: none keeps the program busy for long.

use std::time::{Duration, Instant};

use schema::{MAX_CHECKS, MAX_COLUMNS, MAX_ENUM_VALUES, MAX_INDEXES, MAX_TABLES, Template, plan};
use serde_json::{Value, json};

fn column(name: &str) -> Value {
    json!({"name": name, "type": "text"})
}

fn parse(tables: Value) -> Result<Template, Vec<String>> {
    let parsed = Template::parse(&json!({"format": 1, "name": "large", "tables": tables}));
    parsed.map_err(|errors| {
        errors.into_iter().map(|error| format!("{}: {}", error.path, error.message)).collect()
    })
}

fn tables(count: usize, columns: usize) -> Value {
    let columns: Vec<Value> = (0..columns).map(|c| column(&format!("c{c}"))).collect();
    (0..count).map(|t| json!({"name": format!("t{t}"), "columns": columns, "primary_key": ["c0"]})).collect()
}

#[test]
fn limits_hold_at_their_edges() {
    assert!(parse(tables(MAX_TABLES, 1)).is_ok());
    assert_eq!(parse(tables(MAX_TABLES + 1, 1)).unwrap_err(), ["tables: a template has at most 500 tables"]);
    assert!(parse(tables(1, MAX_COLUMNS)).is_ok());
    let too_many = parse(tables(1, MAX_COLUMNS + 1)).unwrap_err();
    assert_eq!(too_many, ["tables[0].columns: a table has at most 500 columns"]);

    let with = |field: &str, value: Value| {
        let mut tables = tables(1, 2);
        tables[0][field] = value;
        parse(tables)
    };
    let indexes =
        |count| (0..count).map(|i| json!({"name": format!("i{i}"), "columns": ["c1"]})).collect::<Value>();
    assert!(with("indexes", indexes(MAX_INDEXES)).is_ok());
    assert_eq!(with("indexes", indexes(MAX_INDEXES + 1)).unwrap_err().len(), 1);
    let checks = |count| (0..count).map(|i| json!(format!("c1 <> '{i}'"))).collect::<Value>();
    assert!(with("checks", checks(MAX_CHECKS)).is_ok());
    assert_eq!(with("checks", checks(MAX_CHECKS + 1)).unwrap_err().len(), 1);
    let values = |count| {
        let values: Vec<String> = (0..count).map(|i| i.to_string()).collect();
        with("columns", json!([column("c0"), {"name": "c1", "type": "text", "enum": values}]))
    };
    assert!(values(MAX_ENUM_VALUES).is_ok());
    assert_eq!(values(MAX_ENUM_VALUES + 1).unwrap_err().len(), 1);

    let long = "x".repeat(schema::MAX_TEMPLATE_BYTES);
    let default =
        |text: &str| json!([column("c0"), {"name": "c1", "type": "text", "default": {"value": text}}]);
    assert!(with("columns", default(&long[..long.len() - 1000])).is_ok());
    assert_eq!(with("columns", default(&long)).unwrap_err(), [": a template has at most 1 MiB of JSON"]);
    assert_eq!(Template::parse_json(long.as_bytes()).unwrap_err().len(), 1);
}

#[test]
fn at_most_a_hundred_faults_are_reported() {
    let columns: Vec<Value> = (0..5000).map(|_| json!({"name": "a b", "typ": "text"})).collect();
    assert_eq!(parse(json!([{"name": "t", "columns": columns}])).unwrap_err().len(), 100);
    let names: Vec<String> = (0..100_000).map(|i| format!("d{i}")).collect();
    let mut table = tables(1, 500);
    table[0]["unique"] = json!([names]);
    assert_eq!(parse(table).unwrap_err().len(), 100);
}

#[test]
fn the_largest_templates_are_compared_in_no_time() {
    let (large, small) = (parse(tables(60, 480)).unwrap(), parse(tables(60, 1)).unwrap());
    let started = Instant::now();
    assert_eq!(plan(Some(&small), &large).unwrap().steps.len(), 60 * 479);
    assert_eq!(plan(Some(&large), &small).unwrap().steps.len(), 60 * 479);
    assert!(plan(Some(&large), &large).unwrap().steps.is_empty());
    // Unoptimized and beside other tests; quadratic in the whole template it would be minutes.
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}
