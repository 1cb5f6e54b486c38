//! The one way to write a template: what equals its default is left out, so that equal templates have equal JSON and hash.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::policy::{Policies, Rule};
use crate::template::{ColumnType, DefaultValue, Table, Template};

impl Template {
    /// Brings the template to its canonical form. Parsing has done so already.
    pub fn normalize(&mut self) {
        for table in &mut self.tables {
            normalize_table(table);
        }
        for rules in self.policies.iter_mut().flat_map(Policies::rules_mut) {
            if rules.update.using == Rule::Never {
                // Nothing results where nothing may be touched.
                rules.update.check = Rule::Never;
            }
        }
        for rule in self.policies.iter_mut().flat_map(Policies::conditions_mut) {
            *rule = sorted(rule.take());
        }
        self.policies = self.policies.take().filter(|policies| !policies.is_empty());
    }

    /// The SHA-256 of the canonical JSON as 64 hex digits, without `renamed_from` and `backfill`: they say how a push gets
    /// somewhere, not what is there.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut destination = self.clone();
        destination.normalize();
        for table in &mut destination.tables {
            table.renamed_from = None;
            for column in &mut table.columns {
                column.renamed_from = None;
                column.backfill = None;
            }
        }
        Sha256::digest(destination.to_json()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The canonical JSON on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A template is strings, numbers, lists and JSON values under string keys: nothing that JSON could refuse.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn normalize_table(table: &mut Table) {
    let ids: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| column.column_type == ColumnType::Id)
        .map(|column| column.name.as_str())
        .collect();
    if let ([id], true) = (ids.as_slice(), table.primary_key.is_empty()) {
        table.primary_key = vec![(*id).to_owned()];
    }
    // The key is unique already; a second index would only cost.
    let primary_key = table.primary_key.clone();
    table.unique.retain(|columns| *columns != primary_key);
    for column in &mut table.columns {
        column.not_null &= !primary_key.contains(&column.name);
        column.collate =
            column.collate.take().map(|name| name.to_ascii_uppercase()).filter(|n| n != "BINARY");
        let accepts_null = !column.not_null && !primary_key.contains(&column.name);
        normalize_default(&mut column.default, column.column_type, accepts_null);
    }
}

fn normalize_default(default: &mut Option<DefaultValue>, column_type: ColumnType, accepts_null: bool) {
    match default {
        Some(DefaultValue::Value(Value::Null)) if accepts_null => *default = None,
        // 1 and 1.0 are the same REAL.
        Some(DefaultValue::Value(Value::Number(number))) if column_type == ColumnType::Real => {
            if let Some(real) = number.as_f64().and_then(serde_json::Number::from_f64) {
                *number = real;
            }
        }
        _ => {}
    }
}

/// The value with every object's keys in order: what a policy says does not depend on it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(columns: &Value, policies: &Value) -> Template {
        let tables = json!([{"name": "t", "columns": columns, "unique": [["id"]]}]);
        Template::parse(&json!({"format": 1, "name": "n", "tables": tables, "policies": policies})).unwrap()
    }

    #[test]
    fn what_equals_its_default_is_left_out() {
        let columns = json!([
            {"name": "id", "type": "id", "not_null": true},
            {"name": "a", "type": "text", "not_null": false, "collate": "binary", "default": {"value": null}},
            {"name": "b", "type": "real", "default": {"value": 1}},
            {"name": "c", "type": "text", "collate": "rtrim",
             "references": {"table": "t", "column": "id", "on_delete": "NO ACTION"}},
        ]);
        insta::assert_snapshot!(parse(&columns, &json!({})).to_json(), @r#"{"format":1,"name":"n","tables":[{"name":"t","columns":[{"name":"id","type":"id"},{"name":"a","type":"text"},{"name":"b","type":"real","default":{"value":1.0}},{"name":"c","type":"text","references":{"table":"t","column":"id"},"collate":"RTRIM"}],"primary_key":["id"]}]}"#);
    }

    #[test]
    fn the_hash_is_of_what_a_database_becomes() {
        let columns = |extra: Value| {
            let mut column = json!({"name": "a", "type": "text"});
            column.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            json!([{"name": "id", "type": "id"}, column])
        };
        let hash = |extra: Value, policies: Value| parse(&columns(extra), &policies).hash();
        let plain = hash(json!({}), json!({}));
        insta::assert_snapshot!(plain, @r"593c54aa0acce6e5937edaf62e87d4a97af2d874d690f5185f1a4ef4ee4527a5");
        assert_eq!(hash(json!({"renamed_from": "b", "backfill": "'x'"}), json!({})), plain);
        assert_eq!(hash(json!({"not_null": false}), json!({})), plain);
        assert_ne!(hash(json!({"not_null": true}), json!({})), plain);
        let policies = hash(json!({}), json!({"t": {"member": {"select": true, "insert": true}}}));
        assert_ne!(policies, plain);
        assert_eq!(hash(json!({}), json!({"t": {"member": {"insert": true, "select": true}}})), policies);
        let nothing = hash(json!({}), json!({"t": {"member": {}}}));
        let no_update =
            json!({"t": {"member": {"select": false, "update": {"using": false, "check": true}}}});
        assert_eq!(hash(json!({}), no_update), nothing);
    }
}
