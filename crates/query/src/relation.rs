//! Which foreign key a relation's name means: both ways, by table, `table!column`, `!column`, or through a
//! table between the two.

use atomicbase_core::{Code, Problem, closest};
use schema::{Column, Reference, ReferenceAction, Table, Template};

use super::Scope;
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
    /// The table between them, where each refers to neither.
    pub through: Option<Through<'a>>,
}

/// A table whose rows each join one row here with one row there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Through<'a> {
    pub table: &'a Table,
    /// Its column that refers here.
    pub near: &'a Column,
    /// Its column that refers there.
    pub far: &'a Column,
}

impl Relation<'_> {
    /// The name that is never ambiguous.
    fn name(&self) -> String {
        match self.through {
            Some(through) => format!("{}!{}", self.table.name, through.table.name),
            None if self.many => format!("{}!{}", self.table.name, self.there.name),
            None => format!("!{}", self.here.name),
        }
    }

    /// Whether the caller sees the columns that join.
    fn is_visible(&self, scope: &Scope<'_>, table: &Table) -> bool {
        let shows = |table, column| scope.view(table).shows(column);
        let between = self
            .through
            .is_none_or(|through| shows(through.table, through.near) && shows(through.table, through.far));
        between && shows(table, self.here) && shows(self.table, self.there)
    }
}

/// Finds the relation of `table` that `name` means.
pub(super) fn find<'a>(
    scope: &Scope<'a>,
    table: &'a Table,
    name: &str,
    place: &Place<'_>,
) -> Result<Relation<'a>, Problem> {
    let (other, word) = match name.split_once('!') {
        Some((other, word)) => (other, Some(word)),
        None => (name, None),
    };
    let template = scope.template;
    let visible = |relation: &Relation<'a>| relation.is_visible(scope, table);
    // `!column` is the to-one along a column of this table. `table!column` is a column of that table where it refers here,
    // else one of this table that refers there.
    let one = to_one(template, table).filter(|relation| {
        let right_table = relation.table.name == other || (other.is_empty() && word.is_some());
        right_table && word.is_none_or(|column| column == relation.here.name)
    });
    let there = template.table(other);
    let many = there.into_iter().flat_map(|there| to_many(table, there));
    let many = many.filter(|relation| word.is_none_or(|column| column == relation.there.name));
    let many: Vec<Relation<'_>> = many.filter(visible).collect();
    let mut found: Vec<Relation<'_>> =
        if word.is_some() && !many.is_empty() { many } else { one.filter(visible).chain(many).collect() };
    if let (true, Some(there)) = (found.is_empty(), there) {
        let named = |relation: &Relation<'a>| {
            word.is_none_or(|word| relation.through.is_some_and(|through| through.table.name == word))
        };
        found = through(template, table, there).filter(named).filter(visible).collect();
    }
    match found.as_slice() {
        [relation] => Ok(*relation),
        [] => Err(unknown(scope, table, name, place)),
        several => {
            let message = format!("Several keys join `{}` and `{}`.", table.name, shown(other));
            let names: Vec<String> =
                several.iter().map(|relation| format!("`{}`", relation.name())).collect();
            Err(Fault::at(Code::AmbiguousRelation, place, message)
                .hint(format!("Write {}.", names.join(" or "))))
        }
    }
}

/// The relations through a table whose key, or one of whose unique sets, is a foreign key to each of the two.
fn through<'a>(
    template: &'a Template,
    table: &'a Table,
    there: &'a Table,
) -> impl Iterator<Item = Relation<'a>> {
    let ends = move |between: &'a Table| {
        let near = to_many(table, between);
        near.flat_map(move |near| to_many(there, between).map(move |far| (near, far)))
    };
    template.tables.iter().flat_map(ends).filter_map(|(near, far)| {
        let joined = Through { table: near.table, near: near.there, far: far.there };
        let is_pair = |set: &[String]| {
            set.len() == 2 && [joined.near, joined.far].iter().all(|column| set.contains(&column.name))
        };
        let sets = || std::iter::once(&joined.table.primary_key).chain(&joined.table.unique);
        (joined.near.name != joined.far.name && sets().any(|set| is_pair(set))).then_some(Relation {
            table: there,
            here: near.here,
            there: far.here,
            many: true,
            through: Some(joined),
        })
    })
}

/// The relations along the foreign keys of `table`.
fn to_one<'a>(template: &'a Template, table: &'a Table) -> impl Iterator<Item = Relation<'a>> {
    references(table).filter_map(|(here, reference)| {
        let there = template.table(&reference.table)?;
        Some(Relation {
            table: there,
            here,
            there: there.column(&reference.column)?,
            many: false,
            through: None,
        })
    })
}

/// The relations along the foreign keys of `other` that refer to `table`.
fn to_many<'a>(table: &'a Table, other: &'a Table) -> impl Iterator<Item = Relation<'a>> {
    references(other).filter(|(_, reference)| reference.table == table.name).filter_map(
        |(there, reference)| {
            Some(Relation {
                table: other,
                here: table.column(&reference.column)?,
                there,
                many: true,
                through: None,
            })
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

fn unknown(scope: &Scope<'_>, table: &Table, name: &str, place: &Place<'_>) -> Problem {
    let message = format!("`{}` has no relation `{}`.", table.name, shown(name));
    let problem = Fault::at(Code::RelationNotFound, place, message);
    let visible = || {
        let all = relations(scope.template, table);
        all.filter(|relation| relation.is_visible(scope, table) && scope.view(relation.table).is_visible())
    };
    let mut tables: Vec<&str> = visible().map(|relation| relation.table.name.as_str()).collect();
    let names: Vec<String> = visible().map(|relation| relation.name()).collect();
    if let Some(meant) = closest(name, tables.iter().copied().chain(names.iter().map(String::as_str))) {
        return problem.hint(format!("Did you mean `{meant}`?"));
    }
    if scope.template.table(name).is_some_and(|other| scope.view(other).is_visible()) {
        return problem.hint(format!("No foreign key joins `{}` and `{name}`.", table.name));
    }
    tables.dedup();
    if tables.is_empty() { problem } else { problem.hint(format!("It has {}.", tables.join(", "))) }
}

/// For introspection: the relations of a table with their unambiguous names, as the caller sees them.
#[must_use]
pub fn describe_relations(scope: &Scope<'_>, table: &Table) -> Vec<serde_json::Value> {
    let all = relations(scope.template, table);
    let visible =
        all.filter(|relation| relation.is_visible(scope, table) && scope.view(relation.table).is_visible());
    let described = visible.map(|relation| {
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
