//! Random operations of a batch, some with values of earlier ones.

use query::Verb;
use schema::{Column, ColumnType, Table};
use serde_json::{Value, json};

use super::super::world::Rows;
use super::Asker;
use super::write::clash;

/// An operation of the same batch, and its rows.
pub(crate) struct Earlier {
    pub number: usize,
    pub table: String,
    /// The columns that the caller knows.
    pub columns: Vec<String>,
    pub rows: Vec<Value>,
}

impl Asker<'_> {
    pub(crate) fn operation(&mut self, table: &Table, rows: &Rows) -> (Verb, Value) {
        if self.choices.once_in(3) {
            return (Verb::Select { count: true }, self.list(table));
        }
        self.write(table, rows)
    }

    /// The body with a value of an earlier operation in it, and what that means; nothing where there is no such row.
    pub(crate) fn refer(
        &mut self,
        table: &Table,
        body: &Value,
        earlier: &[Earlier],
    ) -> Option<(Value, Option<Value>)> {
        if earlier.is_empty() || self.choices.once_in(3) {
            return None;
        }
        let operation = &earlier[self.choices.below(earlier.len())];
        let name = self.choices.one_of(&operation.columns);
        let source = self.template.table(&operation.table)?.column(&name)?;
        let takes = |column: &&Column| {
            let plain = column.check.is_none() && column.enum_values.is_none() && column.generated.is_none();
            plain && column.column_type == source.column_type && column.column_type != ColumnType::Json
        };
        let targets: Vec<&Column> = table.columns.iter().filter(takes).collect();
        let target = (!targets.is_empty()).then(|| self.choices.one_of(&targets))?.name.clone();
        // Now and then one row too far.
        let far = operation.rows.is_empty() || self.choices.once_in(8);
        let row = self.choices.below(operation.rows.len() + usize::from(far));
        let value = operation.rows.get(row).map(|row| row[&name].clone());
        // Rows that number themselves go on doing so; a number that is NULL does, too.
        let first = if body["data"].is_array() { &body["data"][0] } else { &body["data"] };
        if table.in_primary_key(&target) && first.is_object() && first.get(&target).is_none() {
            return None;
        }
        let updated = body["data"].as_object().filter(|_| !body["where"].is_null());
        if updated.is_some_and(|data| data.keys().any(|other| clash(table, other, &target))) {
            return None;
        }
        if value.as_ref().is_some_and(Value::is_null) && table.in_primary_key(&target) {
            return None;
        }
        let number = operation.number;
        let short = row == 0 && self.choices.once_in(2);
        let reference = if short { format!("{number}.{name}") } else { format!("{number}.{row}.{name}") };
        let put = |value: Value| {
            let mut body = body.clone();
            match &mut body["data"] {
                Value::Array(rows) => rows[0][&target] = value,
                Value::Object(row) => drop(row.insert(target.clone(), value)),
                _ => {
                    let mut conditions = match body["where"].take() {
                        Value::Null => Vec::new(),
                        Value::Array(conditions) => conditions,
                        one => vec![one],
                    };
                    conditions.push(json!({&target: {"eq": value}}));
                    body["where"] = conditions.into();
                }
            }
            body.as_object_mut()?.retain(|_, value| !value.is_null());
            Some(body)
        };
        Some((put(json!({"$ref": reference}))?, value.and_then(put)))
    }
}
