//! Random bodies of queries that fit a template.

mod batch;
mod condition;
mod grouped;
mod items;
mod path;
mod search;
mod write;

use schema::{Table, Template};
use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::relation::{Relation, relations};

pub(crate) use batch::Earlier;

/// Patterns of a query, fewer than it may have.
const PATTERNS: usize = 3;

/// Asks, of the tables and columns that it knows.
pub(crate) struct Asker<'a> {
    template: &'a Template,
    /// Tables that are not asked for.
    closed: &'a [String],
    choices: &'a mut Choices,
    /// Conditions of a policy know the caller.
    policy: bool,
    /// What a write returns has neither aggregates nor searches.
    returning: bool,
    patterns: usize,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(template: &'a Template, closed: &'a [String], choices: &'a mut Choices) -> Self {
        Self { template, closed, choices, policy: false, returning: false, patterns: PATTERNS }
    }

    /// For the conditions of a policy.
    pub(crate) fn of_policy(template: &'a Template, choices: &'a mut Choices) -> Self {
        Self { template, closed: &[], choices, policy: true, returning: false, patterns: 0 }
    }

    /// The body of a select.
    pub(crate) fn select(&mut self, table: &Table) -> Value {
        self.body(table, 3, false).into()
    }

    /// The body of a select that is read page by page.
    pub(crate) fn list(&mut self, table: &Table) -> Value {
        let mut body = if self.choices.once_in(6) { self.searching(table) } else { self.plain(table, 1) };
        if !body.contains_key("where") && self.choices.once_in(4) {
            body.insert("where".to_owned(), self.conditions(table));
        }
        body.into()
    }

    /// The body of a select, or what stands for it in a relation to many.
    fn body(&mut self, table: &Table, depth: usize, nested: bool) -> Map<String, Value> {
        let mut is_one = false;
        let mut body = match self.choices.below(10) {
            7 if !self.returning => {
                let body = self.grouped(table);
                // Aggregates without groups are one row, of which there are no pages.
                is_one = !body.contains_key("group");
                body
            }
            8 => self.distinct(table),
            9 if table.fts.is_some() && !nested => self.searching(table),
            _ => self.plain(table, depth),
        };
        if !body.contains_key("where") && self.choices.once_in(2) {
            body.insert("where".to_owned(), self.conditions(table));
        }
        if !is_one && self.choices.once_in(3) {
            let limit = 1 + self.choices.below(9);
            body.insert("limit".to_owned(), (limit % 9).into());
        }
        if !is_one && !nested && self.choices.once_in(6) {
            body.insert("offset".to_owned(), self.choices.below(6).into());
        }
        body
    }

    fn plain(&mut self, table: &Table, depth: usize) -> Map<String, Value> {
        let mut body = Map::new();
        if self.choices.once_in(2) {
            body.insert("select".to_owned(), self.items(table, depth));
        }
        if self.choices.once_in(2) {
            body.insert("order".to_owned(), self.order(&names(table)));
        }
        body
    }

    fn distinct(&mut self, table: &Table) -> Map<String, Value> {
        let mut body = Map::from_iter([("distinct".to_owned(), json!(true))]);
        let selected: Vec<String> =
            (0..1 + self.choices.below(3)).map(|_| self.choices.one_of(&names(table))).collect();
        if self.choices.once_in(2) {
            body.insert("order".to_owned(), self.order(&selected));
        }
        if !self.choices.once_in(10) {
            body.insert("select".to_owned(), json!(selected));
        } else {
            body.remove("order");
        }
        body
    }

    /// An order by some of these, one member or a list.
    fn order(&mut self, names: &[String]) -> Value {
        let mut left = names.to_vec();
        let mut order = || -> Option<Value> {
            let name = (!left.is_empty()).then(|| left.swap_remove(self.choices.below(left.len())))?;
            left.retain(|other| *other != name);
            Some(json!({name: self.choices.one_of(&["asc", "desc"])}))
        };
        let first = order().unwrap();
        let more: Vec<Value> = order().into_iter().chain(order()).collect();
        match self.choices.below(4) {
            0 => first,
            number => [first].into_iter().chain(more).take(number - 1).collect(),
        }
    }

    fn relations(&self, table: &Table) -> Vec<Relation<'a>> {
        let mut all = relations(self.template, table, &|_, _| false);
        let is_open = |table: &str| !self.closed.iter().any(|closed| closed == table);
        all.retain(|relation| is_open(&relation.table.name) && relation.through().is_none_or(is_open));
        all
    }
}

fn names(table: &Table) -> Vec<String> {
    table.columns.iter().map(|column| column.name.clone()).collect()
}
