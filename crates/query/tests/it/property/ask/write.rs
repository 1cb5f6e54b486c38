//! Random writes: rows with what they refer to, conflicts, changes, increments.

use query::Verb;
use schema::{Column, ColumnType, Table};
use serde_json::{Map, Value, json};

use super::super::world::{Rows, cell};
use super::Asker;

impl Asker<'_> {
    /// A write to a table of these rows, and its body.
    pub(crate) fn write(&mut self, table: &Table, rows: &Rows) -> (Verb, Value) {
        match self.choices.below(4) {
            0 | 1 => (Verb::Insert, self.insert(table, rows)),
            2 => (Verb::Update, self.update(table, rows)),
            _ => (Verb::Delete, self.delete(table)),
        }
    }

    fn insert(&mut self, table: &Table, rows: &Rows) -> Value {
        let numbered = self.may_leave_out_key(table, rows) && self.choices.once_in(2);
        let number = 1 + self.choices.below(3);
        let mut data: Vec<Value> = (0..number).map(|_| self.row(table, rows, numbered)).collect();
        let mut body = Map::new();
        // A row without any column collides with nothing, and may not say what happens then.
        let some = data.iter().all(|row| row.as_object().is_some_and(|row| !row.is_empty()));
        if some && self.choices.once_in(2) {
            let targets = self.targets(table, numbered);
            if !targets.is_empty() {
                let conflict = self.conflict(table, &targets);
                body.insert("on_conflict".to_owned(), conflict);
            }
        }
        let data = if data.len() == 1 && self.choices.once_in(2) { data.remove(0) } else { data.into() };
        body.insert("data".to_owned(), data);
        if self.choices.once_in(2) {
            body.insert("returning".to_owned(), self.returned(table));
        }
        body.into()
    }

    /// Where the key may be left out and it is known which one comes next.
    fn may_leave_out_key(&self, table: &Table, rows: &Rows) -> bool {
        let [key] = table.primary_key.as_slice() else { return false };
        let is_integer = table.column(key).is_some_and(|column| column.column_type == ColumnType::Integer);
        let far = rows[&table.name].iter().all(|row| row[key].as_i64().is_none_or(|number| number < 1 << 60));
        is_integer && far && !table.auto_increment
    }

    fn row(&mut self, table: &Table, rows: &Rows, numbered: bool) -> Value {
        let mut row = Map::new();
        for column in table.columns.iter().filter(|column| column.generated.is_none()) {
            let is_key = table.in_primary_key(&column.name);
            if (is_key && !numbered) || (!is_key && !self.choices.once_in(3)) {
                row.insert(column.name.clone(), self.cell(table, column, rows));
            }
        }
        row.into()
    }

    fn cell(&mut self, table: &Table, column: &Column, rows: &Rows) -> Value {
        let cell = cell(self.template, table, column, rows, self.choices);
        // Where nothing can be referred to, a key that does not exist.
        match column.column_type {
            ColumnType::Integer | ColumnType::Timestamp if cell.is_null() && table.refuses_null(column) => {
                json!(17)
            }
            _ if cell.is_null() && table.refuses_null(column) => json!("nothing"),
            _ => cell,
        }
    }

    /// What a conflict may be about. A key that is not sent meets nothing.
    fn targets(&self, table: &Table, numbered: bool) -> Vec<Vec<String>> {
        let mut targets = table.unique.clone();
        targets.retain(|target| target.iter().all(|name| table.column(name).is_some()));
        if !numbered {
            targets.push(table.primary_key.clone());
        }
        targets
    }

    fn conflict(&mut self, table: &Table, targets: &[Vec<String>]) -> Value {
        let target = self.choices.one_of(targets);
        let is_key = target == table.primary_key;
        let mut conflict = match self.choices.below(4) {
            0 => json!({"action": "ignore", "target": target}),
            1 => json!({"action": "ignore"}),
            // What the key of the row becomes that is replaced by another of its keys is not said.
            2 if is_key => json!({"action": "replace", "target": target}),
            _ => json!({"action": "update", "target": target}),
        };
        if conflict["action"] != "ignore" && is_key && self.choices.once_in(2) {
            conflict.as_object_mut().unwrap().remove("target");
        }
        if conflict["action"] == "update" && self.choices.once_in(3) {
            let taken = table
                .columns
                .iter()
                .filter(|column| column.generated.is_none() && !target.contains(&column.name));
            let taken: Vec<&String> =
                taken.map(|column| &column.name).filter(|name| !table.in_primary_key(name)).collect();
            if !taken.is_empty() {
                conflict["update"] = json!([self.choices.one_of(&taken)]);
            }
        }
        conflict
    }

    fn update(&mut self, table: &Table, rows: &Rows) -> Value {
        let columns: Vec<&Column> =
            table.columns.iter().filter(|column| column.generated.is_none()).collect();
        let mut data = Map::new();
        for _ in 0..1 + self.choices.below(2) {
            let column = self.choices.one_of(&columns);
            let clashes = data.keys().any(|other: &String| clash(table, other, &column.name));
            if !clashes {
                let value = self.new_value(table, column, rows);
                data.insert(column.name.clone(), value);
            }
        }
        let mut body = json!({"data": data, "where": self.conditions(table)});
        if self.choices.once_in(2) {
            body["returning"] = self.returned(table);
        }
        body
    }

    fn new_value(&mut self, table: &Table, column: &Column, rows: &Rows) -> Value {
        let numeric =
            matches!(column.column_type, ColumnType::Integer | ColumnType::Real | ColumnType::Timestamp);
        if numeric && self.choices.once_in(2) {
            return json!({"__inc": self.choices.one_of(&[1, 3, 0, -1])});
        }
        self.cell(table, column, rows)
    }

    fn returned(&mut self, table: &Table) -> Value {
        self.returning = true;
        let items = self.items(table, 2);
        self.returning = false;
        items
    }

    fn delete(&mut self, table: &Table) -> Value {
        let mut body = json!({"where": self.conditions(table)});
        if self.choices.once_in(2) {
            body["returning"] = self.returned(table);
        }
        body
    }
}

/// Whether one column is a key and the other refers to it: a key that changes in one row and is referred to anew in the next
/// depends on who comes first.
pub(super) fn clash(table: &Table, one: &str, other: &str) -> bool {
    let is_key = |name: &str| table.in_primary_key(name) || name == "key";
    let refers_back = |name: &str| {
        let reference = table.column(name).and_then(|column| column.references.as_ref());
        reference.is_some_and(|reference| reference.table == table.name)
    };
    (refers_back(one) && is_key(other)) || (refers_back(other) && is_key(one))
}
