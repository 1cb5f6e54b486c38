//! Which foreign key a relation's name means: both ways, by table, `table!column` or `!column`.

use atomicbase_core::{Code, Problem, closest};
use schema::{Column, Reference, ReferenceAction, Table, Template};

use super::fault::{Fault, Place, shown};

/// A relation from one table to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relation<'a> {
    /// The table at the other end.
    pub table: &'a Table,
    /// The column here that joins.
    pub here: &'a Column,
    /// The column there that joins.
    pub there: &'a Column,
    /// Whether one row here has a list of rows there.
    pub many: bool,
}

impl Relation<'_> {
    /// The name that is never ambiguous.
    fn name(&self) -> String {
        if self.many {
            format!("{}!{}", self.table.name, self.there.name)
        } else {
            format!("!{}", self.here.name)
        }
    }
}

/// Finds the relation of `table` that `name` means.
pub(super) fn find<'a>(
    template: &'a Template,
    table: &'a Table,
    name: &str,
    place: &Place<'_>,
) -> Result<Relation<'a>, Problem> {
    let (other, column) = match name.split_once('!') {
        Some((other, column)) => (other, Some(column)),
        None => (name, None),
    };
    // `!column` is the to-one along a column of this table. `table!column` is a column of that table where it refers here,
    // else one of this table that refers there.
    let one = to_one(template, table).filter(|relation| {
        let right_table = relation.table.name == other || (other.is_empty() && column.is_some());
        right_table && column.is_none_or(|column| column == relation.here.name)
    });
    let many = template.table(other).into_iter().flat_map(|there| to_many(table, there));
    let many: Vec<Relation<'_>> =
        many.filter(|relation| column.is_none_or(|column| column == relation.there.name)).collect();
    let found: Vec<Relation<'_>> =
        if column.is_some() && !many.is_empty() { many } else { one.chain(many).collect() };
    match found.as_slice() {
        [relation] => Ok(*relation),
        [] => Err(unknown(template, table, name, place)),
        several => {
            let message = format!("Several keys join `{}` and `{}`.", table.name, shown(other));
            let names: Vec<String> =
                several.iter().map(|relation| format!("`{}`", relation.name())).collect();
            Err(Fault::at(Code::AmbiguousRelation, place, message)
                .hint(format!("Write {}.", names.join(" or "))))
        }
    }
}

/// The relations along the foreign keys of `table`.
fn to_one<'a>(template: &'a Template, table: &'a Table) -> impl Iterator<Item = Relation<'a>> {
    references(table).filter_map(|(here, reference)| {
        let there = template.table(&reference.table)?;
        Some(Relation { table: there, here, there: there.column(&reference.column)?, many: false })
    })
}

/// The relations along the foreign keys of `other` that refer to `table`.
fn to_many<'a>(table: &'a Table, other: &'a Table) -> impl Iterator<Item = Relation<'a>> {
    references(other).filter(|(_, reference)| reference.table == table.name).filter_map(
        |(there, reference)| {
            Some(Relation { table: other, here: table.column(&reference.column)?, there, many: true })
        },
    )
}

/// Every relation of a table.
fn relations<'a>(template: &'a Template, table: &'a Table) -> impl Iterator<Item = Relation<'a>> {
    to_one(template, table).chain(template.tables.iter().flat_map(|other| to_many(table, other)))
}

/// The foreign keys of a table.
fn references(table: &Table) -> impl Iterator<Item = (&Column, &Reference)> {
    table.columns.iter().filter_map(|column| Some((column, column.references.as_ref()?)))
}

/// Whether rows of other tables go or change with a row of this one.
pub(super) fn has_followers(template: &Template, table: &Table) -> bool {
    let follows = |reference: &Reference| {
        matches!(reference.on_delete, ReferenceAction::Cascade | ReferenceAction::SetNull)
    };
    let mut all = template.tables.iter().flat_map(references);
    all.any(|(_, reference)| reference.table == table.name && follows(reference))
}

fn unknown(template: &Template, table: &Table, name: &str, place: &Place<'_>) -> Problem {
    let message = format!("`{}` has no relation `{}`.", table.name, shown(name));
    let problem = Fault::at(Code::RelationNotFound, place, message);
    let mut tables: Vec<&str> =
        relations(template, table).map(|relation| relation.table.name.as_str()).collect();
    let names: Vec<String> = relations(template, table).map(|relation| relation.name()).collect();
    if let Some(meant) = closest(name, tables.iter().copied().chain(names.iter().map(String::as_str))) {
        return problem.hint(format!("Did you mean `{meant}`?"));
    }
    if template.table(name).is_some() {
        return problem.hint(format!("No foreign key joins `{}` and `{name}`.", table.name));
    }
    tables.dedup();
    if tables.is_empty() { problem } else { problem.hint(format!("It has {}.", tables.join(", "))) }
}

/// For introspection: the relations of a table with their unambiguous names.
pub fn describe(template: &Template, table: &Table) -> Vec<serde_json::Value> {
    let described = relations(template, table).map(|relation| {
        serde_json::json!({
            "name": relation.name(),
            "table": relation.table.name,
            "kind": if relation.many { "many" } else { "one" },
            "column": relation.here.name,
            "references": relation.there.name,
        })
    });
    described.collect()
}
