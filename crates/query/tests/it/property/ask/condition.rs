//! Random conditions: on columns, on related rows, grouped and negated.

use schema::{Column, ColumnType, Table};
use serde_json::{Map, Value, json};

use super::super::world::value;
use super::Asker;

const SCALAR: [&str; 6] = ["eq", "neq", "gt", "gte", "lt", "lte"];
const LIKE: [&str; 8] = ["a", "A%", "%b", "_", "%_%", "a\\%b", "%", "É%"];
const GLOB: [&str; 10] = ["a", "A*", "*b", "?", "[ab]*", "[^a]", "[a-b]?", "[]y]", "[[]y]", "[a"];

impl Asker<'_> {
    /// A `where`: one condition or a list.
    pub(crate) fn conditions(&mut self, table: &Table) -> Value {
        self.conditions_to(table, 3)
    }

    fn conditions_to(&mut self, table: &Table, depth: usize) -> Value {
        if self.choices.once_in(4) {
            return self.condition(table, depth);
        }
        (0..1 + self.choices.below(3)).map(|_| self.condition(table, depth)).collect()
    }

    pub(crate) fn condition(&mut self, table: &Table, depth: usize) -> Value {
        if depth > 0 && self.choices.once_in(3) {
            let group = |asker: &mut Self| -> Value {
                (0..=asker.choices.below(3)).map(|_| asker.condition(table, depth - 1)).collect()
            };
            return match self.choices.below(4) {
                0 => json!({"and": group(self)}),
                1 => json!({"or": group(self)}),
                2 => json!({"not": group(self)}),
                _ => json!({"not": self.condition(table, depth - 1)}),
            };
        }
        let members = 1 + usize::from(self.choices.once_in(3));
        (0..members).map(|_| self.member(table, depth)).collect::<Map<String, Value>>().into()
    }

    fn member(&mut self, table: &Table, depth: usize) -> (String, Value) {
        match self.choices.below(10) {
            6 if depth > 0 => {
                if let Some(found) = self.quantified(table, depth - 1) {
                    return found;
                }
            }
            7 => {
                if let Some(found) = self.dotted(table, 2) {
                    return found;
                }
            }
            8 => {
                if let Some(found) = self.path(table) {
                    return found;
                }
            }
            9 => {
                if let Some(found) = self.search(table) {
                    return found;
                }
            }
            _ => {}
        }
        let column = self.column(table);
        (column.name.clone(), self.operators(table, column, true))
    }

    /// `{tasks: {some: …}}`
    fn quantified(&mut self, table: &Table, depth: usize) -> Option<(String, Value)> {
        let relations = self.relations(table);
        let relation = (!relations.is_empty()).then(|| self.choices.one_of(&relations))?;
        let mut quantified = Map::new();
        for _ in 0..1 + usize::from(self.choices.once_in(4)) {
            let word = self.choices.one_of(&["some", "none", "every"]);
            let conditions = self.conditions_to(relation.table, depth);
            quantified.insert(word.to_owned(), conditions);
        }
        Some((self.name_of(table, &relation), quantified.into()))
    }

    /// `{"tasks.status": {…}}`
    fn dotted(&mut self, table: &Table, depth: usize) -> Option<(String, Value)> {
        let relations = self.relations(table);
        let relation = (!relations.is_empty()).then(|| self.choices.one_of(&relations))?;
        let name = self.name_of(table, &relation);
        let deeper =
            if depth > 0 && self.choices.once_in(3) { self.dotted(relation.table, depth - 1) } else { None };
        let (rest, operators) = match deeper {
            Some(found) => found,
            None => match self.choices.once_in(4).then(|| self.path(relation.table)).flatten() {
                Some(found) => found,
                None => {
                    let column = self.column(relation.table);
                    (column.name.clone(), self.operators(relation.table, column, false))
                }
            },
        };
        Some((format!("{name}.{rest}"), operators))
    }

    fn column<'t>(&mut self, table: &'t Table) -> &'t Column {
        &table.columns[self.choices.below(table.columns.len())]
    }

    fn operators(&mut self, table: &Table, column: &Column, may_name_columns: bool) -> Value {
        let mut operators = Map::new();
        for _ in 0..1 + usize::from(self.choices.once_in(3)) {
            let (operator, value) = self.comparison(table, column, may_name_columns);
            operators.insert(operator.to_owned(), value);
        }
        if self.choices.once_in(5) {
            return json!({ "not": operators });
        }
        operators.into()
    }

    fn comparison(
        &mut self,
        table: &Table,
        column: &Column,
        may_name_columns: bool,
    ) -> (&'static str, Value) {
        if column.column_type == ColumnType::Json {
            return (self.choices.one_of(&["is", "not"]), Value::Null);
        }
        let kinds = if matches!(column.column_type, ColumnType::Text) && self.patterns > 0 { 8 } else { 6 };
        let operand = |asker: &mut Self| asker.operand(table, column, may_name_columns);
        match self.choices.below(kinds) {
            0 | 1 => (self.choices.one_of(&SCALAR), operand(self)),
            2 => ("in", (0..self.choices.below(4)).map(|_| operand(self)).collect()),
            3 => ("between", json!([operand(self), operand(self)])),
            4 => (self.choices.one_of(&["is", "not"]), Value::Null),
            5 => (self.choices.one_of(&["is", "not"]), value(table, column, self.choices)),
            kind => {
                self.patterns -= 1;
                if kind == 6 {
                    ("like", self.choices.one_of(&LIKE).into())
                } else {
                    ("glob", self.choices.one_of(&GLOB).into())
                }
            }
        }
    }

    /// What a column is compared with: mostly a value, else another column of its type, in a policy the caller.
    fn operand(&mut self, table: &Table, column: &Column, may_name_columns: bool) -> Value {
        let is_text = matches!(column.column_type, ColumnType::Text | ColumnType::Id);
        if self.policy && is_text && self.choices.once_in(2) {
            return json!({"__auth": self.choices.one_of(&["user_id", "organization_id", "role"])});
        }
        if may_name_columns && self.choices.once_in(5) {
            let alike: Vec<&Column> =
                table.columns.iter().filter(|other| other.column_type == column.column_type).collect();
            return json!({"__col": self.choices.one_of(&alike).name});
        }
        value(table, column, self.choices)
    }
}
