//! Format 1 as JSON → `Template`: every fault of shape is named with its path. The rules between the parts are `validate`'s.

use atomicbase_core::FieldError;
use serde_json::{Map, Value};

use crate::fault::{Faults, join, shown, suggestion};
use crate::policy::{Policies, RolePolicy, Rule, Rules, TablePolicies, UpdateRule};
use crate::template::{
    Column, ColumnType, DefaultValue, Fts, Generated, Index, Reference, ReferenceAction, Table, Template,
};
use crate::template_json::TemplateJson;

/// The format this version reads and writes.
pub const FORMAT: u32 = 1;
/// Largest template, bytes of JSON.
pub const MAX_TEMPLATE_BYTES: usize = 1024 * 1024;

impl Template {
    /// Reads a template, checks every rule and brings it to its canonical form.
    ///
    /// # Errors
    /// Every fault with its path, at most a hundred.
    pub fn parse(value: &Value) -> Result<Self, Vec<FieldError>> {
        Self::parse_with(value, Faults::default())
    }

    /// As [`Template::parse`], with what was found before.
    pub(crate) fn parse_with(value: &Value, mut faults: Faults) -> Result<Self, Vec<FieldError>> {
        refuse_nul(value, "", &mut faults);
        let read = read_template(value, &mut faults);
        let Some(mut template) = read.filter(|_| faults.is_empty()) else { return Err(faults.into()) };
        template.normalize();
        template.validate()?;
        Ok(template)
    }

    /// As [`TemplateJson::parse`], from the bytes of a file or a body.
    ///
    /// # Errors
    /// Every fault with its path; one without a path where the bytes are no JSON or too many.
    pub fn parse_json(json: &[u8]) -> Result<Self, Vec<FieldError>> {
        let mut faults = Faults::default();
        if json.len() > MAX_TEMPLATE_BYTES {
            faults.add("", "a template has at most 1 MiB of JSON");
            return Err(faults.into());
        }
        match serde_json::from_slice(json) {
            Ok(json) => TemplateJson::parse(json),
            Err(error) => {
                faults.add("", format!("not valid JSON: {error}"));
                Err(faults.into())
            }
        }
    }
}

/// SQLite, C and terminals each end a text elsewhere when it has a NUL, so none gets in anywhere.
fn refuse_nul(value: &Value, path: &str, faults: &mut Faults) {
    const MESSAGE: &str = "a NUL character cannot stand in a template";
    match value {
        Value::String(text) if text.contains('\0') => faults.add(path, MESSAGE),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                refuse_nul(item, &format!("{path}[{i}]"), faults);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                if key.contains('\0') {
                    faults.add(path, MESSAGE);
                } else {
                    refuse_nul(item, &join(path, &shown(key)), faults);
                }
            }
        }
        _ => {}
    }
}

fn read_policies(map: &Map<String, Value>, faults: &mut Faults) -> Option<Policies> {
    let Value::Object(tables) = map.get("policies")? else {
        faults.add("policies", "expected an object with a key per table");
        return None;
    };
    let mut policies = Policies::default();
    for (table, roles) in tables {
        let path = format!("policies.{}", shown(table));
        let Value::Object(roles) = roles else {
            faults.add(path, "expected an object with a key per role");
            continue;
        };
        let mut read = TablePolicies::new();
        for (role, policy) in roles {
            if let Some(policy) = read_role_policy(policy, &join(&path, &shown(role)), faults) {
                read.insert(role.clone(), policy);
            }
        }
        policies.0.insert(table.clone(), read);
    }
    Some(policies)
}

fn read_role_policy(value: &Value, path: &str, faults: &mut Faults) -> Option<RolePolicy> {
    const FIELDS: [&str; 5] = ["select", "insert", "update", "delete", "hidden"];
    if value == "all" {
        return Some(RolePolicy::All);
    }
    if !value.is_object() {
        faults.add(path, format!("expected \"all\" or an object of operations, found {}", kind(value)));
        return None;
    }
    let map = object(value, path, &FIELDS, faults)?;
    let select = read_rule(map.get("select"), &join(path, "select"), faults);
    let insert = read_rule(map.get("insert"), &join(path, "insert"), faults);
    let update = match map.get("update") {
        Some(both @ Value::Object(_)) => read_update(both, &join(path, "update"), faults),
        rule => read_rule(rule, &join(path, "update"), faults)
            .map(|rule| UpdateRule { using: rule.clone(), check: rule }),
    };
    let delete = read_rule(map.get("delete"), &join(path, "delete"), faults);
    let hidden = optional_list(map, "hidden", path, faults, text);
    let rules = Rules { select: select?, insert: insert?, update: update?, delete: delete?, hidden };
    Some(RolePolicy::Rules(Box::new(rules)))
}

fn read_update(value: &Value, path: &str, faults: &mut Faults) -> Option<UpdateRule> {
    let map = object(value, path, &["using", "check"], faults)?;
    let mut rule = |field| {
        let rule = required(map, field, path, faults)?;
        read_rule(Some(rule), &join(path, field), faults)
    };
    let (using, check) = (rule("using"), rule("check"));
    Some(UpdateRule { using: using?, check: check? })
}

/// Which rows. What the conditions say is read where every condition is.
fn read_rule(value: Option<&Value>, path: &str, faults: &mut Faults) -> Option<Rule> {
    let Some(value) = value else { return Some(Rule::Never) };
    let rule = serde_json::from_value(value.clone()).ok();
    if rule.is_none() {
        faults.add(path, "expected true, false or a list of at least one condition");
    }
    rule
}

fn read_template(value: &Value, faults: &mut Faults) -> Option<Template> {
    let map = object(value, "", &["format", "name", "tables", "policies"], faults)?;
    let format = required(map, "format", "", faults)?;
    if format.as_u64() != Some(u64::from(FORMAT)) {
        faults.add("format", "this version of Atomicbase reads format 1");
        return None;
    }
    let name = required(map, "name", "", faults).and_then(|name| text(name, "name", faults));
    let tables =
        required(map, "tables", "", faults).and_then(|tables| list(tables, "tables", faults, read_table));
    Some(Template { format: FORMAT, name: name?, tables: tables?, policies: read_policies(map, faults) })
}

fn read_table(value: &Value, path: &str, faults: &mut Faults) -> Option<Table> {
    const FIELDS: [&str; 9] = [
        "name",
        "columns",
        "primary_key",
        "auto_increment",
        "unique",
        "indexes",
        "checks",
        "fts",
        "renamed_from",
    ];
    let map = object(value, path, &FIELDS, faults)?;
    let at = |field: &str| join(path, field);
    let name = required(map, "name", path, faults).and_then(|name| text(name, &at("name"), faults));
    let columns = required(map, "columns", path, faults)
        .and_then(|columns| list(columns, &at("columns"), faults, read_column));
    Some(Table {
        primary_key: optional_list(map, "primary_key", path, faults, text),
        auto_increment: flag(map, "auto_increment", path, faults),
        unique: optional_list(map, "unique", path, faults, texts),
        indexes: optional_list(map, "indexes", path, faults, read_index),
        checks: optional_list(map, "checks", path, faults, text),
        fts: map.get("fts").and_then(|fts| read_fts(fts, &at("fts"), faults)),
        renamed_from: optional_text(map, "renamed_from", path, faults),
        name: name?,
        columns: columns?,
    })
}

fn read_column(value: &Value, path: &str, faults: &mut Faults) -> Option<Column> {
    const FIELDS: [&str; 11] = [
        "name",
        "type",
        "not_null",
        "default",
        "references",
        "check",
        "collate",
        "generated",
        "enum",
        "renamed_from",
        "backfill",
    ];
    let map = object(value, path, &FIELDS, faults)?;
    let at = |field: &str| join(path, field);
    let name = required(map, "name", path, faults).and_then(|name| text(name, &at("name"), faults));
    let column_type = required(map, "type", path, faults)
        .and_then(|name| choice(name, &at("type"), "type", &ColumnType::ALL, faults));
    Some(Column {
        not_null: flag(map, "not_null", path, faults),
        default: map.get("default").and_then(|value| read_default(value, &at("default"), faults)),
        references: map.get("references").and_then(|value| read_reference(value, &at("references"), faults)),
        check: optional_text(map, "check", path, faults),
        collate: optional_text(map, "collate", path, faults),
        generated: map.get("generated").and_then(|value| read_generated(value, &at("generated"), faults)),
        enum_values: map.get("enum").and_then(|value| texts(value, &at("enum"), faults)),
        renamed_from: optional_text(map, "renamed_from", path, faults),
        backfill: optional_text(map, "backfill", path, faults),
        name: name?,
        column_type: column_type?,
    })
}

fn read_default(value: &Value, path: &str, faults: &mut Faults) -> Option<DefaultValue> {
    let map = object(value, path, &["value", "sql"], faults)?;
    match (map.get("value"), map.get("sql")) {
        (Some(value), None) => Some(DefaultValue::Value(value.clone())),
        (None, Some(sql)) => text(sql, &join(path, "sql"), faults).map(DefaultValue::Sql),
        _ => {
            faults.add(path, "a default has either `value` or `sql`");
            None
        }
    }
}

fn read_reference(value: &Value, path: &str, faults: &mut Faults) -> Option<Reference> {
    let map = object(value, path, &["table", "column", "on_delete", "on_update"], faults)?;
    let at = |field: &str| join(path, field);
    let table = required(map, "table", path, faults).and_then(|table| text(table, &at("table"), faults));
    let column = required(map, "column", path, faults).and_then(|column| text(column, &at("column"), faults));
    let mut action = |field: &str| {
        let value = map.get(field)?;
        choice(value, &at(field), "action", &ReferenceAction::ALL, faults)
    };
    let (on_delete, on_update) = (action("on_delete"), action("on_update"));
    Some(Reference {
        table: table?,
        column: column?,
        on_delete: on_delete.unwrap_or_default(),
        on_update: on_update.unwrap_or_default(),
    })
}

fn read_generated(value: &Value, path: &str, faults: &mut Faults) -> Option<Generated> {
    let map = object(value, path, &["sql", "stored"], faults)?;
    let sql = required(map, "sql", path, faults).and_then(|sql| text(sql, &join(path, "sql"), faults));
    Some(Generated { stored: flag(map, "stored", path, faults), sql: sql? })
}

fn read_index(value: &Value, path: &str, faults: &mut Faults) -> Option<Index> {
    let map = object(value, path, &["name", "columns", "unique", "where"], faults)?;
    let at = |field: &str| join(path, field);
    let name = required(map, "name", path, faults).and_then(|name| text(name, &at("name"), faults));
    let columns = required(map, "columns", path, faults)
        .and_then(|columns| list(columns, &at("columns"), faults, text));
    Some(Index {
        unique: flag(map, "unique", path, faults),
        filter: optional_text(map, "where", path, faults),
        name: name?,
        columns: columns?,
    })
}

fn read_fts(value: &Value, path: &str, faults: &mut Faults) -> Option<Fts> {
    let map = object(value, path, &["columns", "tokenize"], faults)?;
    let columns = required(map, "columns", path, faults)
        .and_then(|columns| list(columns, &join(path, "columns"), faults, text));
    Some(Fts { tokenize: optional_text(map, "tokenize", path, faults), columns: columns? })
}

fn object<'v>(
    value: &'v Value,
    path: &str,
    fields: &[&str],
    faults: &mut Faults,
) -> Option<&'v Map<String, Value>> {
    let Value::Object(map) = value else {
        faults.add(path, format!("expected an object, found {}", kind(value)));
        return None;
    };
    for key in map.keys().filter(|key| !fields.contains(&key.as_str())) {
        let hint = suggestion(key, fields.iter().copied());
        faults.add(join(path, &shown(key)), format!("unknown field{hint}"));
    }
    Some(map)
}

fn required<'v>(
    map: &'v Map<String, Value>,
    field: &str,
    path: &str,
    faults: &mut Faults,
) -> Option<&'v Value> {
    let value = map.get(field);
    if value.is_none() {
        faults.add(join(path, field), "is missing");
    }
    value
}

fn text(value: &Value, path: &str, faults: &mut Faults) -> Option<String> {
    let Value::String(text) = value else {
        faults.add(path, format!("expected a string, found {}", kind(value)));
        return None;
    };
    Some(text.clone())
}

fn texts(value: &Value, path: &str, faults: &mut Faults) -> Option<Vec<String>> {
    list(value, path, faults, text)
}

fn list<T>(
    value: &Value,
    path: &str,
    faults: &mut Faults,
    mut read: impl FnMut(&Value, &str, &mut Faults) -> Option<T>,
) -> Option<Vec<T>> {
    let Value::Array(items) = value else {
        faults.add(path, format!("expected a list, found {}", kind(value)));
        return None;
    };
    // Every item is read before any failure counts, so that all their faults are reported together.
    let mut read_items = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        if faults.is_full() {
            break;
        }
        read_items.push(read(item, &format!("{path}[{i}]"), faults));
    }
    read_items.into_iter().collect()
}

fn optional_list<T>(
    map: &Map<String, Value>,
    field: &str,
    path: &str,
    faults: &mut Faults,
    read: impl FnMut(&Value, &str, &mut Faults) -> Option<T>,
) -> Vec<T> {
    map.get(field).and_then(|value| list(value, &join(path, field), faults, read)).unwrap_or_default()
}

fn optional_text(map: &Map<String, Value>, field: &str, path: &str, faults: &mut Faults) -> Option<String> {
    map.get(field).and_then(|value| text(value, &join(path, field), faults))
}

fn flag(map: &Map<String, Value>, field: &str, path: &str, faults: &mut Faults) -> bool {
    match map.get(field) {
        None => false,
        Some(Value::Bool(flag)) => *flag,
        Some(other) => {
            faults.add(join(path, field), format!("expected true or false, found {}", kind(other)));
            false
        }
    }
}

/// One of a fixed set of words.
fn choice<T: Copy>(
    value: &Value,
    path: &str,
    what: &str,
    choices: &[(T, &'static str)],
    faults: &mut Faults,
) -> Option<T> {
    let word = text(value, path, faults)?;
    if let Some((found, _)) = choices.iter().find(|(_, name)| *name == word) {
        return Some(*found);
    }
    let names = || choices.iter().map(|(_, name)| *name);
    let hint = match suggestion(&word, names()) {
        none if none.is_empty() => format!("; use one of {}", names().collect::<Vec<_>>().join(", ")),
        near => near,
    };
    faults.add(path, format!("unknown {what} `{}`{hint}", shown(&word)));
    None
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
