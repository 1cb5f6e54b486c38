//! What every step of a query looks at, and the way of one operation through them.

use atomicbase_core::{Caller, Limits, Problem, Scopes};
use schema::{Column, Table, Template};
use serde_json::value::RawValue;

use super::batch::Earlier;
use super::condition::Given;
use super::cursor::Position;
use super::fault::{self, Place};
use super::fields::Json;
use super::plan::Query;
use super::select::Start;
use super::value::Typed;
use super::view::View;
use super::{compile, insert, select, update};

/// What every step of a query looks at.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub(crate) template: &'a Template,
    pub(crate) limits: &'a Limits,
    /// Whose rights count.
    pub(crate) caller: &'a Caller,
    /// Whose facts a policy asks about, while one is read.
    pub(crate) policy_for: Option<&'a Caller>,
    pub(crate) bigint: bool,
    pub(crate) max_affected: Option<u64>,
    /// What cursors are bound to and signed with.
    pub(crate) database: &'a str,
    pub(crate) secret: &'a [u8; 32],
    /// The operations of a batch before this one.
    pub(crate) earlier: &'a [Earlier<'a>],
}

/// Reads a policy: it sees every row and column.
static POLICY: Caller = Caller::Key { id: None, scopes: Scopes::ALL, database: None };

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

impl<'a> Scope<'a> {
    /// Queries of `caller` on a database of `template`. Cursors are good for this `database` and this `secret` alone.
    #[must_use]
    pub fn new(
        template: &'a Template,
        limits: &'a Limits,
        caller: &'a Caller,
        database: &'a str,
        secret: &'a [u8; 32],
    ) -> Self {
        Self {
            template,
            limits,
            caller,
            policy_for: None,
            bigint: false,
            max_affected: None,
            database,
            secret,
            earlier: &[],
        }
    }

    /// Integers beyond 2^53 are answered as strings.
    #[must_use]
    pub fn bigint(self, bigint: bool) -> Self {
        Self { bigint, ..self }
    }

    /// A write that would reach more rows is refused.
    #[must_use]
    pub fn max_affected(self, max_affected: Option<u64>) -> Self {
        Self { max_affected, ..self }
    }

    /// A table as the caller sees it.
    #[must_use]
    pub fn view<'t>(&self, table: &'t Table) -> View<'t>
    where
        'a: 't,
    {
        View::of(self.template, table, self.caller)
    }

    /// The table of this name, as the caller sees it.
    ///
    /// # Errors
    /// `TABLE_NOT_FOUND`, with the name that was probably meant.
    pub fn table(&self, name: &str, place: &Place<'_>) -> Result<View<'a>, Problem> {
        match self.template.table(name) {
            Some(table) => Ok(self.view(table)),
            None => Err(fault::unknown_table(self, name, place)),
        }
    }

    /// The scope in which a policy of the caller's is read.
    pub(crate) fn for_policy(&self) -> Scope<'a> {
        Scope { caller: &POLICY, policy_for: Some(self.caller), earlier: &[], ..*self }
    }

    /// One operation on one table. `place` is where it stands in a batch, `operations[2]`; empty where it is the whole request.
    ///
    /// # Errors
    /// What does not fit the template, the caller's rights or the limits, with its path in the request's body.
    pub fn compile(&self, verb: Verb, table: &str, body: &RawValue, place: &str) -> Result<Query, Problem> {
        self.compile_keeping(verb, table, body, place, &[])
    }

    /// A page of an export: at most so many rows, after the `sent` ones of which `after` is the last.
    ///
    /// # Errors
    /// As [`Scope::compile`].
    pub fn compile_export(
        &self,
        table: &str,
        body: &RawValue,
        after: Option<Position>,
        sent: u64,
        rows: u64,
    ) -> Result<Query, Problem> {
        let start = Place::Start("");
        let view = self.table(table, &start)?;
        let (mut select, limit) = select::export(self, view, &Json::read(body, &start)?, &start)?;
        select.limit = limit.map_or(rows, |limit| rows.min(limit.saturating_sub(sent)));
        select.start = after.map_or(Start::Beginning, Start::After);
        let query = compile::select(self, select, false, &[], &start)?;
        // Its pages are long; none of them belongs on the thread that asks.
        Ok(Query { slow: true, ..query })
    }

    /// As [`Scope::compile`]; the rows of the operation keep columns for later ones.
    pub(crate) fn compile_keeping(
        &self,
        verb: Verb,
        table: &str,
        body: &RawValue,
        place: &str,
        kept: &[&'a Column],
    ) -> Result<Query, Problem> {
        let start = Place::Start(place);
        let (in_table, in_body) = (start.field("table"), start.field("body"));
        // A request that is no batch has its table in the address, and its body is all there is.
        let (table_place, body_place) =
            if place.is_empty() { (&start, &start) } else { (&in_table, &in_body) };
        let view = self.table(table, table_place)?;
        let query = match verb {
            Verb::Select { count } => {
                let select = select::select(self, view, &Json::read(body, body_place)?, body_place)?;
                compile::select(self, select, count, kept, body_place)
            }
            Verb::Insert => insert::insert(self, view, body, kept, body_place),
            Verb::Update => update::update(self, view, body, kept, body_place),
            Verb::Delete => update::delete(self, view, body, kept, body_place),
        };
        query.map(|query| query.at(place, view.hidden()))
    }

    /// The value of an earlier operation that `{"$ref": "0.id"}` means, for what is `typed`.
    pub(crate) fn given(&self, name: &str, typed: Typed<'_>, place: &Place<'_>) -> Result<Given, Problem> {
        Earlier::find(self.earlier, name, typed, place)
    }
}
