//! Random conditions on what is inside JSON.

use schema::{ColumnType, Table};
use serde_json::{Map, Value, json};

use super::Asker;

const PATHS: [&str; 9] = ["a", "a.b", "b.0", "b.1", "a.0.b", "0", "b", "é", "1"];

impl Asker<'_> {
    /// `{"meta->a.b": {…}}`
    pub(super) fn path(&mut self, table: &Table) -> Option<(String, Value)> {
        let columns: Vec<&str> = table
            .columns
            .iter()
            .filter(|column| column.column_type == ColumnType::Json)
            .map(|column| column.name.as_str())
            .collect();
        let column = (!columns.is_empty()).then(|| self.choices.one_of(&columns))?;
        let path = self.choices.one_of(&PATHS);
        let mut operators = Map::new();
        for _ in 0..1 + usize::from(self.choices.once_in(4)) {
            let (operator, value) = self.comparison_in_json();
            operators.insert(operator.to_owned(), value);
        }
        let operators = if self.choices.once_in(5) { json!({"not": operators}) } else { operators.into() };
        Some((format!("{column}->{path}"), operators))
    }

    fn comparison_in_json(&mut self) -> (&'static str, Value) {
        let ordered = self.choices.one_of(&["gt", "gte", "lt", "lte"]);
        match self.choices.below(7) {
            0 | 1 => (self.choices.one_of(&["eq", "neq"]), self.value_in_json()),
            2 => ("in", self.values_in_json()),
            3 => (self.choices.one_of(&["is", "not"]), Value::Null),
            4 => (self.choices.one_of(&["is", "not"]), self.value_in_json()),
            5 => (ordered, self.choices.one_of(&[json!(1), json!(2.5), json!("x"), json!("")])),
            _ if self.choices.once_in(2) => ("between", json!([self.choices.below(2), 2.5])),
            _ => ("between", json!(["1", self.choices.one_of(&["1", "x", ""])])),
        }
    }

    /// Values of a list are of one type.
    fn values_in_json(&mut self) -> Value {
        let mut values: Vec<Value> = (0..self.choices.below(4)).map(|_| self.value_in_json()).collect();
        if let Some(first) = values.first().cloned() {
            values.retain(|value| std::mem::discriminant(value) == std::mem::discriminant(&first));
        }
        values.into()
    }

    fn value_in_json(&mut self) -> Value {
        self.choices.one_of(&[
            json!(1),
            json!(2),
            json!(1.5),
            json!(1.0),
            json!(i64::MAX),
            json!("x"),
            json!("1"),
            json!("a"),
            json!(true),
            json!(false),
        ])
    }
}
