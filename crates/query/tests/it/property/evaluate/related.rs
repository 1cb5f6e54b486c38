//! The rows that a relation leads to.

use schema::Table;
use serde_json::Value;

use super::super::kind::Kind;
use super::super::relation::{Joins, Key, Relation, named, relations};
use super::super::wanted::Wanted;
use super::{World, by_key};

impl<'a> World<'a> {
    /// The relation of a name, among those the caller knows.
    pub(super) fn find_relation(&self, table: &Table, name: &str) -> Option<Relation<'a>> {
        let all = relations(self.template, table, &|table, column| self.is_hidden(table, column));
        named(&all, name).cloned()
    }

    pub(super) fn relation(&self, table: &Table, name: &str) -> Relation<'a> {
        self.find_relation(table, name).unwrap_or_else(|| panic!("{name}"))
    }

    /// The rows that are related to a row, by primary key, those the caller sees.
    pub(super) fn related(&self, table: &Table, row: &Value, relation: &Relation<'a>) -> Vec<&'a Value> {
        let mut others = self.visible(relation.table);
        match relation.joins {
            Joins::Columns { here, there, referred } => {
                let value = &row[&here.name];
                others.retain(|other| Kind::of(referred).equals(value, &other[&there.name]) == Some(true));
            }
            Joins::Through { table: join, here, there } => {
                let links = self.visible(join);
                others.retain(|other| {
                    links.iter().any(|link| refers(&here, link, row) && refers(&there, link, other))
                });
            }
        }
        debug_assert!(self.template.table(&table.name).is_some());
        others.sort_by(|a, b| by_key(relation.table, a, b));
        others
    }

    /// What is asked of a relation: an object or null, or a list.
    pub(super) fn answer_related(&self, table: &Table, row: &Value, name: &str, asked: &Value) -> Wanted {
        let relation = self.relation(table, name);
        let mut rows = self.related(table, row, &relation);
        rows.retain(|other| self.holds(relation.table, other, &asked["where"]));
        if relation.many {
            return Wanted::List(self.list(relation.table, rows, asked, self.limits.nested_rows).0);
        }
        let one = rows.first().map(|other| self.project(relation.table, other, asked));
        one.unwrap_or(Wanted::Exactly(Value::Null))
    }
}

fn refers(key: &Key<'_>, link: &Value, row: &Value) -> bool {
    Kind::of(key.referred).equals(&link[&key.column.name], &row[&key.referred.name]) == Some(true)
}
