//! From a body to SQL and from rows to an answer: parse (shape), check (names and types, against the template), compile (SQL).
//! Pure: no I/O, no async, no HTTP. Names come from the template and are quoted; values are bound.

mod answer;
mod compile;
mod fault;
mod filter;
mod parse;
mod relation;
mod value;
mod write;

use atomicbase_core::{Limits, Problem};
use schema::{Table, Template};
use serde_json::value::RawValue;

pub(crate) use answer::{Answered, explain};
pub(crate) use compile::Query;
pub(crate) use fault::did_you_mean;
pub(crate) use parse::{Operation, parse_batch};
pub(crate) use relation::describe as describe_relations;

/// What every step of a query looks at.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub template: &'a Template,
    pub limits: &'a Limits,
    /// Integers beyond 2^53 are answered as strings.
    pub bigint: bool,
}

/// What a request wants done, as its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Rows; with `count`, how many there are without limit and offset.
    Select {
        count: bool,
    },
    Insert,
    Update,
    Delete,
}

impl Verb {
    pub(crate) fn writes(self) -> bool {
        !matches!(self, Verb::Select { .. })
    }

    /// The verb of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "select" => Verb::Select { count: false },
            "insert" => Verb::Insert,
            "update" => Verb::Update,
            "delete" => Verb::Delete,
            _ => return None,
        })
    }

    pub(crate) const NAMES: [&'static str; 4] = ["select", "insert", "update", "delete"];
}

impl Scope<'_> {
    /// One operation on one table. `path` is where its body stands in the request's: empty, or `operations[2].body`.
    pub(crate) fn compile(
        &self,
        verb: Verb,
        table: &str,
        body: &RawValue,
        path: &str,
    ) -> Result<Query, Problem> {
        let table = self.table(table)?;
        match verb {
            Verb::Select { count } => {
                let select = parse::select(body, path, self.limits)?;
                compile::select(self, table, &select, count)
            }
            Verb::Insert => write::insert(self, table, &parse::insert(body, path, self.limits)?),
            Verb::Update => write::update(self, table, &parse::update(body, path, self.limits)?),
            Verb::Delete => write::delete(self, table, &parse::delete(body, path, self.limits)?),
        }
    }

    /// The table of this name.
    pub(crate) fn table(&self, name: &str) -> Result<&Table, Problem> {
        self.template.table(name).ok_or_else(|| fault::unknown_table(self.template, name))
    }
}
