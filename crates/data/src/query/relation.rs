//! Which foreign key a relation's name means: both ways, by table, `table!column` or `!column`.

use atomicbase_core::{Code, Problem, closest};
use schema::{Column, Reference, Table, Template};

use super::fault::{Fault, shown};

/// A relation from one table to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relation<'a> {
    /// The table at the other end.
    pub table: &'a Table,
    /// The column here that joins.
    pub here: &'a str,
    /// The column there that joins.
    pub there: &'a str,
    /// Whether one row here has a list of rows there.
    pub many: bool,
}

/// Finds the relation of `table` that `name` means.
pub(super) fn find<'a>(
    template: &'a Template,
    table: &'a Table,
    name: &str,
    path: &str,
) -> Result<Relation<'a>, Problem> {
    let (other, column) = match name.split_once('!') {
        Some((other, column)) => (other, Some(column)),
        None => (name, None),
    };
    let all = relations(template, table);
    let fits = |relation: &&(Relation<'a>, String)| {
        let (relation, _) = relation;
        match (other, column) {
            // `!column` is the to-one along a column of this table.
            ("", Some(column)) => !relation.many && relation.here == column,
            (other, None) => relation.table.name == other,
            // `table!column` is a column of that table where it refers here, else one of this table that refers there.
            (other, Some(column)) => {
                relation.table.name == other
                    && if relation.many { relation.there } else { relation.here } == column
            }
        }
    };
    let mut found: Vec<&(Relation<'a>, String)> = all.iter().filter(fits).collect();
    if column.is_some() && found.iter().any(|(relation, _)| relation.many) {
        found.retain(|(relation, _)| relation.many);
    }
    match found.as_slice() {
        [(relation, _)] => Ok(*relation),
        [] => Err(unknown(template, table, name, path, &all)),
        several => {
            let message = format!("Several keys join `{}` and `{}`.", table.name, shown(other));
            let names: Vec<String> = several.iter().map(|(_, name)| format!("`{name}`")).collect();
            Err(Fault::at(Code::AmbiguousRelation, path, message)
                .hint(format!("Write {}.", names.join(" or "))))
        }
    }
}

/// Every relation of a table, with the name that is never ambiguous.
fn relations<'a>(template: &'a Template, table: &'a Table) -> Vec<(Relation<'a>, String)> {
    let to_one = references(table).filter_map(|(column, reference)| {
        let there = template.table(&reference.table)?;
        let relation = Relation { table: there, here: &column.name, there: &reference.column, many: false };
        Some((relation, format!("!{}", column.name)))
    });
    let to_many = template.tables.iter().flat_map(|other| {
        let here = references(other).filter(|(_, reference)| reference.table == table.name);
        here.map(move |(column, reference)| {
            let relation =
                Relation { table: other, here: &reference.column, there: &column.name, many: true };
            (relation, format!("{}!{}", other.name, column.name))
        })
    });
    to_one.chain(to_many).collect()
}

fn references(table: &Table) -> impl Iterator<Item = (&Column, &Reference)> {
    table.columns.iter().filter_map(|column| Some((column, column.references.as_ref()?)))
}

fn unknown(
    template: &Template,
    table: &Table,
    name: &str,
    path: &str,
    all: &[(Relation<'_>, String)],
) -> Problem {
    let message = format!("`{}` has no relation `{}`.", table.name, shown(name));
    let problem = Fault::at(Code::RelationNotFound, path, message);
    let tables = all.iter().map(|(relation, _)| relation.table.name.as_str());
    if let Some(meant) = closest(name, tables.clone()) {
        return problem.hint(format!("Did you mean `{meant}`?"));
    }
    if template.table(name).is_some() {
        return problem.hint(format!("No foreign key joins `{}` and `{name}`.", table.name));
    }
    let mut names: Vec<&str> = tables.collect();
    names.dedup();
    if names.is_empty() { problem } else { problem.hint(format!("It has {}.", names.join(", "))) }
}

/// For introspection: the relations of a table with their unambiguous names.
pub(crate) fn describe(template: &Template, table: &Table) -> Vec<serde_json::Value> {
    let described = relations(template, table).into_iter().map(|(relation, name)| {
        serde_json::json!({
            "name": name,
            "table": relation.table.name,
            "kind": if relation.many { "many" } else { "one" },
            "column": relation.here,
            "references": relation.there,
        })
    });
    described.collect()
}
