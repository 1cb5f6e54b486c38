//! Every table, relation and column that a query names: one that is not the caller's refuses it, whatever rows there are.

use schema::{Rule, Table};
use serde_json::{Value, json};

use super::aggregate::Aggregate;
use super::{World, entries, terms};

pub(super) const FORBIDDEN: &str = "FORBIDDEN";
pub(super) const COLUMN_NOT_FOUND: &str = "COLUMN_NOT_FOUND";
const RELATION_NOT_FOUND: &str = "RELATION_NOT_FOUND";

impl World<'_> {
    /// The codes that a select may be refused with; none where it must be answered.
    pub(super) fn refusals(&self, table: &Table, body: &Value) -> Vec<&'static str> {
        let mut found = Vec::new();
        self.may_select(table, &mut found);
        self.of_body(table, body, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn may_select(&self, table: &Table, found: &mut Vec<&'static str>) {
        found.extend((self.rules(table).select == Rule::Never).then_some(FORBIDDEN));
    }

    fn of_body(&self, table: &Table, body: &Value, found: &mut Vec<&'static str>) {
        self.of_select(table, &body["select"], found);
        self.of_conditions(table, &body["where"], found);
        let orders = terms(&body["order"]).map(|(name, _)| name);
        let groups = entries(&body["group"]).iter().filter_map(Value::as_str);
        for name in orders.chain(groups) {
            match name {
                "__rank" => self.may_rank(table, found),
                _ => self.of_column(table, name, found),
            }
        }
    }

    /// A rank counts all rows and all columns that are searched.
    fn may_rank(&self, table: &Table, found: &mut Vec<&'static str>) {
        let searched = table.fts.as_ref().map_or(0, |fts| fts.columns.len());
        let all = self.rules(table).select == Rule::Always && self.searched(table).len() == searched;
        found.extend((!all).then_some(FORBIDDEN));
    }

    /// A name that is no column of the template is a label.
    fn of_column(&self, table: &Table, name: &str, found: &mut Vec<&'static str>) {
        let hidden = table.column(name).is_some() && self.is_hidden(&table.name, name);
        found.extend(hidden.then_some(COLUMN_NOT_FOUND));
    }

    fn of_select(&self, table: &Table, select: &Value, found: &mut Vec<&'static str>) {
        for entry in entries(select) {
            if let Some(name) = entry.as_str() {
                self.of_column(table, name, found);
            }
            for (label, asked) in entry.as_object().into_iter().flatten() {
                if let Some(aggregate) = Aggregate::parse(asked) {
                    self.of_column(table, aggregate.column, found);
                    continue;
                }
                if asked.get("rank").is_some() {
                    self.may_rank(table, found);
                    continue;
                }
                if let Some(marks) = asked.get("highlight").or_else(|| asked.get("snippet")) {
                    let column = marks.as_str().or_else(|| marks["column"].as_str()).unwrap();
                    self.of_column(table, column, found);
                    continue;
                }
                let listed = json!({"select": asked});
                let asked = if asked.is_object() { asked } else { &listed };
                if let Some(other) = self.of_relation(table, asked["from"].as_str().unwrap_or(label), found) {
                    self.of_body(other, asked, found);
                }
            }
        }
    }

    /// A relation, and the table it leads to. Where one of its columns is hidden there is none.
    fn of_relation(&self, table: &Table, name: &str, found: &mut Vec<&'static str>) -> Option<&Table> {
        let Some(relation) = self.find_relation(table, name) else {
            let hidden = self.whole().find_relation(table, name).is_some();
            assert!(hidden, "{name} is no relation of {}", table.name);
            found.extend([RELATION_NOT_FOUND, COLUMN_NOT_FOUND]);
            return None;
        };
        self.may_select(relation.table, found);
        if let Some(join) = relation.through() {
            // A table between that is not the caller's may as well not be there.
            let closed = self.rules(self.template.table(join).unwrap()).select == Rule::Never;
            found.extend(closed.then_some([FORBIDDEN, RELATION_NOT_FOUND]).into_iter().flatten());
        }
        Some(relation.table)
    }

    pub(super) fn of_conditions(&self, table: &Table, conditions: &Value, found: &mut Vec<&'static str>) {
        let members = entries(conditions).iter().filter_map(Value::as_object).flatten();
        for (name, value) in members {
            match name.as_str() {
                "and" | "or" | "not" => self.of_conditions(table, value, found),
                "__fts" if self.searched(table).is_empty() => {
                    found.extend(["INVALID_OPERATOR", COLUMN_NOT_FOUND])
                }
                "__fts" => {}
                _ => self.of_member(table, name, value, found),
            }
        }
    }

    fn of_member(&self, table: &Table, name: &str, value: &Value, found: &mut Vec<&'static str>) {
        let (path, inside) =
            name.split_once("->").map_or((name, None), |(path, inside)| (path, Some(inside)));
        if let Some((relation, rest)) = path.split_once('.') {
            if let Some(other) = self.of_relation(table, relation, found) {
                let rest = inside.map_or(rest.to_owned(), |inside| format!("{rest}->{inside}"));
                self.of_member(other, &rest, value, found);
            }
        } else if table.column(path).is_some() {
            self.of_column(table, path, found);
            self.of_operands(table, value, found);
        } else if let Some(other) = self.of_relation(table, path, found) {
            for conditions in value.as_object().into_iter().flatten().map(|(_, conditions)| conditions) {
                self.of_conditions(other, conditions, found);
            }
        }
    }

    /// Columns that others are compared with, wherever they stand among the operators.
    fn of_operands(&self, table: &Table, value: &Value, found: &mut Vec<&'static str>) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| self.of_operands(table, value, found)),
            Value::Object(members) => {
                for (name, value) in members {
                    match (name.as_str(), value.as_str()) {
                        ("__col", Some(column)) => self.of_column(table, column, found),
                        _ => self.of_operands(table, value, found),
                    }
                }
            }
            _ => {}
        }
    }
}
