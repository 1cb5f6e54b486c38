//! Random aggregates, groups and conditions on them.

use schema::{Column, ColumnType, Table};
use serde_json::{Map, Value, json};

use super::super::world::value;
use super::Asker;

impl Asker<'_> {
    /// A select with aggregates, with or without groups.
    pub(super) fn grouped(&mut self, table: &Table) -> Map<String, Value> {
        let groups: Vec<String> = match self.choices.below(4) {
            0 => Vec::new(),
            1 | 2 => vec![self.choices.one_of(&super::names(table))],
            _ => {
                let mut two = vec![
                    self.choices.one_of(&super::names(table)),
                    self.choices.one_of(&super::names(table)),
                ];
                two.dedup();
                two
            }
        };
        let mut body = Map::new();
        let (mut select, mut labels) = (Vec::new(), Vec::new());
        for number in 0..self.choices.below(4) + usize::from(groups.is_empty()) {
            let label = format!("\"n{number}");
            let (aggregate, kind) = self.aggregate(table);
            select.push(json!({&label: aggregate}));
            labels.push((label, kind));
        }
        select.extend(groups.iter().filter(|_| !self.choices.once_in(4)).map(|name| json!(name)));
        if !select.is_empty() {
            body.insert("select".to_owned(), select.into());
        }
        if !labels.is_empty() && self.choices.once_in(3) {
            let having: Vec<Value> =
                (0..=self.choices.below(2)).map(|_| self.having(table, &labels)).collect();
            body.insert("having".to_owned(), having.into());
        }
        if !groups.is_empty() && self.choices.once_in(2) {
            let orders: Vec<String> =
                groups.iter().cloned().chain(labels.into_iter().map(|(label, _)| label)).collect();
            body.insert("order".to_owned(), self.order(&orders));
        }
        if let [only] = groups.as_slice()
            && self.choices.once_in(2)
        {
            body.insert("group".to_owned(), json!(only));
        } else if !groups.is_empty() {
            body.insert("group".to_owned(), json!(groups));
        }
        body
    }

    /// An aggregate, and the column whose values its own are like; none for a number of rows.
    fn aggregate<'t>(&mut self, table: &'t Table) -> (Value, Option<&'t Column>) {
        let column = &table.columns[self.choices.below(table.columns.len())];
        let number = matches!(column.column_type, ColumnType::Integer | ColumnType::Real);
        let functions: &[&str] = match column.column_type {
            ColumnType::Json => &["count"],
            _ if number => &["count", "min", "max", "sum", "avg"],
            _ => &["count", "min", "max"],
        };
        match self.choices.one_of(functions) {
            "count" if self.choices.once_in(2) => (json!({"count": "*"}), None),
            "count" => (json!({"count": column.name}), None),
            function => (json!({function: column.name}), Some(column)),
        }
    }

    fn having(&mut self, table: &Table, labels: &[(String, Option<&Column>)]) -> Value {
        let (label, column) = self.choices.one_of(labels);
        let compared = match column {
            Some(column) => value(table, column, self.choices),
            None => self.choices.below(4).into(),
        };
        let condition = match self.choices.below(4) {
            0 => json!({label: {"is": null}}),
            1 => json!({label: {"not": null}}),
            _ => json!({label: {self.choices.one_of(&["eq", "neq", "gt", "lte"]): compared}}),
        };
        if self.choices.once_in(5) { json!({"not": condition}) } else { condition }
    }
}
