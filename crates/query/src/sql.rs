//! SQL text and the values bound to it: names quoted, conditions written. What comes here has been checked; nothing fails.

use std::fmt::Write as _;

use db::Value;
use schema::push_quoted;

use super::filter::{Condition, Operand};

/// SQL text with the values bound so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Sql {
    pub text: String,
    pub params: Vec<Value>,
}

impl Sql {
    /// Empty, with room for a query of the usual length.
    pub(super) fn with_room() -> Self {
        Self { text: String::with_capacity(256), params: Vec::new() }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn push_number(&mut self, number: u64) {
        // Writing into a String cannot fail.
        let _ = write!(self.text, "{number}");
    }

    pub(super) fn name(&mut self, name: &str) {
        push_quoted(&mut self.text, name);
    }

    /// A column of the table called `alias`; of the statement's only table where that is empty.
    pub(super) fn column(&mut self, alias: &str, name: &str) {
        if !alias.is_empty() {
            self.push(alias);
            self.push(".");
        }
        self.name(name);
    }

    pub(super) fn bind(&mut self, value: Value) {
        self.params.push(value);
        let _ = write!(self.text, "?{}", self.params.len());
    }

    pub(super) fn list(&mut self, alias: &str, names: impl IntoIterator<Item = impl AsRef<str>>) {
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.column(alias, name.as_ref());
        }
    }

    /// A condition on the table called `alias`.
    pub(super) fn condition(&mut self, condition: Condition<'_>, alias: &str) {
        match condition {
            Condition::All(all) if all.is_empty() => self.push("1"),
            Condition::All(all) => self.joined(all, " AND ", alias),
            Condition::Any(any) => self.joined(any, " OR ", alias),
            Condition::Not(inner) => {
                self.push("NOT (");
                self.condition(*inner, alias);
                self.push(")");
            }
            Condition::Test { column, operator, operand } => {
                self.column(alias, &column.name);
                self.push(operator.sql());
                self.operand(operand);
            }
        }
    }

    fn joined(&mut self, conditions: Vec<Condition<'_>>, word: &str, alias: &str) {
        self.push("(");
        for (index, condition) in conditions.into_iter().enumerate() {
            if index > 0 {
                self.push(word);
            }
            self.condition(condition, alias);
        }
        self.push(")");
    }

    fn operand(&mut self, operand: Operand) {
        match operand {
            Operand::Null => self.push("NULL"),
            Operand::One(value) => self.bind(value),
            Operand::Two(low, high) => {
                self.bind(low);
                self.push(" AND ");
                self.bind(high);
            }
            Operand::Listed(values) => self.listed(values),
        }
    }

    fn listed(&mut self, mut values: Vec<Value>) {
        // Lists of every length would each be a statement to prepare, and push others out of the cache: the last value fills up
        // to a power of two, and changes nothing by standing there again.
        if let Some(last) = values.last().cloned() {
            values.resize(values.len().next_power_of_two(), last);
        }
        self.push("(");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(")");
    }
}
