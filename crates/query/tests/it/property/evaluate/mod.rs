//! What a query answers, written from the product's description alone: rows in memory, three-valued logic, no SQL.

mod aggregate;
mod change;
mod condition;
mod grouped;
mod json_path;
mod mentions;
mod project;
mod related;
mod rights;
mod write;

use std::cell::Cell;
use std::cmp::Ordering;

use atomicbase_core::{Caller, Limits};
use schema::{Table, Template};
use serde_json::Value;

use super::kind::Kind;
use super::wanted::Wanted;
use super::world::Rows;
pub(crate) use rights::known;
pub(crate) use write::Written;

/// A template with rows, as a caller may see them.
pub(crate) struct World<'a> {
    pub template: &'a Template,
    pub rows: &'a Rows,
    pub limits: &'a Limits,
    pub caller: &'a Caller,
    /// Whether policies count. They do not inside of policies.
    policies: bool,
    /// Whether some sum does not fit an integer, perhaps one that nobody is shown.
    overflows: Cell<bool>,
}

/// The answer of a select.
#[derive(Debug)]
pub(crate) struct Selected {
    pub data: Wanted,
    pub count: usize,
    /// It may be refused instead, for a sum that does not fit.
    pub overflows: bool,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        template: &'a Template,
        rows: &'a Rows,
        limits: &'a Limits,
        caller: &'a Caller,
    ) -> Self {
        Self { template, rows, limits, caller, policies: true, overflows: Cell::new(false) }
    }

    /// The same world as its policies see it: all of it.
    fn whole(&self) -> Self {
        Self { policies: false, overflows: Cell::new(false), ..*self }
    }

    /// A select's answer, or the codes of which one refuses it.
    pub(crate) fn select(&self, table: &Table, body: &Value) -> Result<Selected, Vec<&'static str>> {
        let refusals = self.refusals(table, body);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let rows = self.matching(table, &body["where"]);
        let (data, count) = self.list(table, rows, body, self.limits.default_rows);
        Ok(Selected { data: Wanted::List(data), count, overflows: self.overflows.get() })
    }

    /// In which order two rows come, but for their keys.
    fn by_order(&self, table: &Table, body: &Value, a: &Value, b: &Value) -> Ordering {
        let orders = terms(&body["order"]).map(|(name, descending)| {
            let ascending = match table.column(name) {
                Some(column) => Kind::of(column).order_with_nulls(&a[name], &b[name]),
                None => self.rank(table, a, body).total_cmp(&self.rank(table, b, body)),
            };
            if descending { ascending.reverse() } else { ascending }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }

    /// Every row of a list that is read page by page.
    pub(crate) fn whole_list(&self, table: &Table, body: &Value) -> Result<Vec<Wanted>, Vec<&'static str>> {
        let refusals = self.refusals(table, body);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let rows = self.matching(table, &body["where"]);
        Ok(self.list(table, rows, body, u64::MAX).0)
    }

    /// The rows that a list answers, whole, where it is not refused.
    pub(crate) fn rows_of_list(&self, table: &Table, body: &Value) -> Vec<Value> {
        if !self.refusals(table, body).is_empty() {
            return Vec::new();
        }
        let mut rows = self.matching(table, &body["where"]);
        rows.sort_by(|a, b| self.by_order(table, body, a, b).then_with(|| by_key(table, a, b)));
        page(rows, body, self.limits.default_rows).into_iter().cloned().collect()
    }

    /// Rows that the caller sees.
    pub(crate) fn visible(&self, table: &Table) -> Vec<&'a Value> {
        let rows = self.rows.get(&table.name).map(Vec::as_slice).unwrap_or_default();
        rows.iter().filter(|row| self.sees(table, row)).collect()
    }

    /// Rows for which the conditions are true: neither false nor unknown.
    pub(crate) fn matching(&self, table: &Table, conditions: &Value) -> Vec<&'a Value> {
        let mut rows = self.visible(table);
        rows.retain(|row| self.holds(table, row, conditions));
        rows
    }

    /// A list of rows as it is asked for, at the top or in a relation, and how long it is without its limit.
    fn list(
        &self,
        table: &Table,
        mut rows: Vec<&'a Value>,
        body: &Value,
        default: u64,
    ) -> (Vec<Wanted>, usize) {
        if grouped::is_grouped(body) {
            return self.groups(table, rows, body, default);
        }
        if body["distinct"] == true {
            return self.distinct(table, rows, body, default);
        }
        let count = rows.len();
        rows.sort_by(|a, b| self.by_order(table, body, a, b).then_with(|| by_key(table, a, b)));
        let page = page(rows, body, default).into_iter();
        (page.map(|row| self.project(table, row, body)).collect(), count)
    }
}

/// What limit and offset leave.
fn page<T>(all: Vec<T>, body: &Value, default: u64) -> Vec<T> {
    let number = |name: &str| body[name].as_u64().map(|number| usize::try_from(number).unwrap());
    let limit = number("limit").unwrap_or(usize::try_from(default).unwrap());
    all.into_iter().skip(number("offset").unwrap_or(0)).take(limit).collect()
}

/// What a list holds; a single value is a list of one, an absent one is none.
pub(super) fn entries(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(entries) => entries,
        one => std::slice::from_ref(one),
    }
}

/// The members of an `order`: names, and whether descending.
fn terms(order: &Value) -> impl Iterator<Item = (&str, bool)> {
    let terms = entries(order).iter().filter_map(Value::as_object).flatten();
    terms.map(|(name, direction)| (name.as_str(), direction == "desc"))
}

fn by_key(table: &Table, a: &Value, b: &Value) -> Ordering {
    let kind = |name: &String| Kind::of(table.column(name).unwrap());
    let orders = table.primary_key.iter().map(|name| kind(name).order_with_nulls(&a[name], &b[name]));
    orders.fold(Ordering::Equal, Ordering::then)
}

/// The rows of each table in the order of its key, which is how they are read.
pub(crate) fn sort(template: &Template, rows: &mut Rows) {
    for table in &template.tables {
        rows.get_mut(&table.name).unwrap().sort_by(|a, b| by_key(table, a, b));
    }
}
