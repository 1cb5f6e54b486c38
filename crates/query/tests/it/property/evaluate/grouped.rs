//! Rows that are answered together: groups, aggregates of all, distinct rows.

use std::cmp::Ordering;

use schema::Table;
use serde_json::{Map, Value, json};

use super::super::kind::Kind;
use super::super::wanted::Wanted;
use super::aggregate::{Aggregate, Aggregated, shown};
use super::condition::{Left, all, compares};
use super::{World, entries, page, terms};

/// Rows with the same values in the columns that are grouped by.
struct Group<'r> {
    rows: Vec<&'r Value>,
    /// By label.
    aggregates: Vec<(String, Aggregated)>,
}

pub(super) fn is_grouped(body: &Value) -> bool {
    !body["group"].is_null() || labels(body).next().is_some()
}

/// The aggregates of a select by label.
pub(super) fn labels(body: &Value) -> impl Iterator<Item = (&String, Aggregate<'_>)> {
    let members = entries(&body["select"]).iter().filter_map(Value::as_object).flatten();
    members.filter_map(|(label, asked)| Some((label, Aggregate::parse(asked)?)))
}

fn kind_of(table: &Table, column: &str) -> Kind {
    Kind::of(table.column(column).unwrap())
}

fn by_columns(table: &Table, columns: &[&str], a: &Value, b: &Value) -> Ordering {
    let orders = columns.iter().map(|name| kind_of(table, name).order_with_nulls(&a[*name], &b[*name]));
    orders.fold(Ordering::Equal, Ordering::then)
}

/// Rows that are the same in these columns, by them.
fn alike<'r>(table: &Table, columns: &[&str], mut rows: Vec<&'r Value>) -> Vec<Vec<&'r Value>> {
    rows.sort_by(|a, b| by_columns(table, columns, a, b));
    rows.chunk_by(|a, b| by_columns(table, columns, a, b).is_eq()).map(<[_]>::to_vec).collect()
}

impl<'a> World<'a> {
    /// One row per group, or a single one without groups.
    pub(super) fn groups(
        &self,
        table: &Table,
        rows: Vec<&'a Value>,
        body: &Value,
        default: u64,
    ) -> (Vec<Wanted>, usize) {
        let columns: Vec<&str> = entries(&body["group"]).iter().filter_map(Value::as_str).collect();
        let groups = if columns.is_empty() { vec![rows] } else { alike(table, &columns, rows) };
        let groups = groups.into_iter().map(|rows| {
            let aggregates =
                labels(body).map(|(label, aggregate)| (label.clone(), aggregate.of(table, &rows)));
            Group { aggregates: aggregates.collect(), rows }
        });
        let mut groups: Vec<Group<'_>> = groups.collect();
        let may_overflow =
            groups.iter().flat_map(|group| &group.aggregates).any(|(_, found)| found.may_overflow);
        self.overflows.set(self.overflows.get() || may_overflow);
        groups.retain(|group| body["having"].is_null() || group.truth(&body["having"]) == Some(true));
        let count = groups.len();
        groups.sort_by(|a, b| a.order(b, table, &body["order"]));
        let select = if body["select"].is_null() { &body["group"] } else { &body["select"] };
        let page = page(groups, body, default).into_iter();
        (page.map(|group| group.project(table, select)).collect(), count)
    }

    /// Each combination of the selected columns once.
    pub(super) fn distinct(
        &self,
        table: &Table,
        rows: Vec<&'a Value>,
        body: &Value,
        default: u64,
    ) -> (Vec<Wanted>, usize) {
        let everything = json!("*");
        let select = if body["select"].is_null() { &everything } else { &body["select"] };
        let selected = entries(select).iter().filter_map(Value::as_str);
        let selected = selected.flat_map(|name| if name == "*" { self.columns(table) } else { vec![name] });
        let columns: Vec<&str> = selected.collect();
        let mut kept: Vec<&Value> = alike(table, &columns, rows).into_iter().map(|rows| rows[0]).collect();
        let count = kept.len();
        kept.sort_by(|a, b| self.by_order(table, body, a, b));
        let project = |row: &Value| {
            let mut object: Vec<(String, Wanted)> = Vec::new();
            for name in &columns {
                if !object.iter().any(|(known, _)| known == name) {
                    object.push(((*name).to_owned(), shown(kind_of(table, name), &row[*name])));
                }
            }
            Wanted::Object(object)
        };
        (page(kept, body, default).into_iter().map(project).collect(), count)
    }
}

impl Group<'_> {
    /// The value of a label, or of a column that all rows have in common.
    fn value(&self, table: &Table, name: &str) -> (Kind, Value) {
        match self.aggregates.iter().find(|(label, _)| label == name) {
            Some((_, found)) => (found.kind, found.value.clone()),
            None => (kind_of(table, name), self.rows[0][name].clone()),
        }
    }

    fn order(&self, other: &Self, table: &Table, order: &Value) -> Ordering {
        let orders = terms(order).map(|(name, descending)| {
            let ((kind, one), (_, other)) = (self.value(table, name), other.value(table, name));
            let ascending = kind.order_with_nulls(&one, &other);
            if descending { ascending.reverse() } else { ascending }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }

    /// Whether `having` is true, false or unknown: conditions as generated by `ask`, on labels.
    fn truth(&self, having: &Value) -> Option<bool> {
        let members = entries(having).iter().filter_map(Value::as_object).flatten();
        let truths = members.map(|(name, value)| match name.as_str() {
            "not" => self.truth(value).map(|truth| !truth),
            label => self.compares(label, value.as_object().unwrap()),
        });
        all(truths)
    }

    fn compares(&self, label: &str, operators: &Map<String, Value>) -> Option<bool> {
        let (_, found) = self.aggregates.iter().find(|(known, _)| known == label).unwrap();
        compares(Left::Column(found.kind, &found.value), operators, &Value::clone)
    }

    fn project(&self, table: &Table, select: &Value) -> Wanted {
        let mut object: Vec<(String, Wanted)> = Vec::new();
        for entry in entries(select) {
            match entry {
                Value::String(name) if object.iter().any(|(known, _)| known == name) => {}
                Value::String(name) => {
                    object.push((name.clone(), shown(kind_of(table, name), &self.rows[0][name])));
                }
                _ => {
                    for label in entry.as_object().unwrap().keys() {
                        let (_, found) = self.aggregates.iter().find(|(known, _)| known == label).unwrap();
                        object.push((label.clone(), found.wanted()));
                    }
                }
            }
        }
        Wanted::Object(object)
    }
}
