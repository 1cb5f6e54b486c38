//! From a body to SQL and from rows to an answer: read and check (shape, names and types, against the template), compile (SQL).
//! Pure: no I/O, no async, no HTTP. Names come from the template and are quoted; values are bound.

mod answer;
mod batch;
mod compile;
mod fault;
mod fields;
mod filter;
mod relation;
mod select;
mod sql;
#[cfg(test)]
mod tests;
mod transaction;
mod value;
mod write;

use atomicbase_core::{Limits, Problem};
use schema::{Table, Template};
use serde_json::value::RawValue;

pub use batch::{Operation, parse_batch};
pub use compile::Query;
pub use transaction::Transaction;

pub use fault::{Place, did_you_mean, shown};
pub use relation::describe as describe_relations;

/// What every step of a query looks at.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The tables there are.
    pub template: &'a Template,
    /// How much a query may ask for.
    pub limits: &'a Limits,
    /// Integers beyond 2^53 are answered as strings.
    pub bigint: bool,
}

/// What a request wants done, as its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Rows; with `count`, how many there are without limit and offset.
    Select {
        /// `Prefer: count=exact`.
        count: bool,
    },
    /// New rows.
    Insert,
    /// Other values in rows.
    Update,
    /// Rows away.
    Delete,
}

impl Verb {
    /// The verbs' names on the wire.
    pub const NAMES: [&'static str; 4] = ["select", "insert", "update", "delete"];

    /// The verb of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "select" => Verb::Select { count: false },
            "insert" => Verb::Insert,
            "update" => Verb::Update,
            "delete" => Verb::Delete,
            _ => return None,
        })
    }

    /// Whether it changes rows.
    #[must_use]
    pub fn writes(self) -> bool {
        !matches!(self, Verb::Select { .. })
    }
}

impl Scope<'_> {
    /// One operation on one table. `place` is where it stands in a batch, `operations[2]`; empty where it is the whole request.
    ///
    /// # Errors
    /// What does not fit the template or the limits, with its path in the request's body.
    pub fn compile(&self, verb: Verb, table: &str, body: &RawValue, place: &str) -> Result<Query, Problem> {
        let start = Place::Start(place);
        let (in_table, in_body) = (start.field("table"), start.field("body"));
        // A request that is no batch has its table in the address, and its body is all there is.
        let (table_place, body_place) =
            if place.is_empty() { (&start, &start) } else { (&in_table, &in_body) };
        let table = find_table(self.template, table, table_place)?;
        let query = match verb {
            Verb::Select { count } => {
                let select = select::select(self, table, body, body_place)?;
                Ok(compile::select(self, table, select, count))
            }
            Verb::Insert => write::insert(self, table, body, body_place),
            Verb::Update => write::update(self, table, body, body_place),
            Verb::Delete => write::delete(self, table, body, body_place),
        };
        query.map(|query| query.at(place))
    }
}

/// The table of this name.
pub fn find_table<'t>(template: &'t Template, name: &str, place: &Place<'_>) -> Result<&'t Table, Problem> {
    template.table(name).ok_or_else(|| fault::unknown_table(template, name, place))
}
