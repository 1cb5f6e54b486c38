//! What is asked of a database and what comes back. A batch is one transaction, and one round trip wherever the database is.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use crate::json::{JsonRows, JsonShape};
use crate::value::Value;

/// What a batch may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only reads; a statement that would write is refused before it runs.
    Read,
    /// Reads and writes rows. Shares its transaction with other writes that wait (group commit), each all or nothing.
    Write,
    /// Changes the schema. Never shares its transaction.
    Schema,
}

/// Statements that run in one transaction: all or nothing.
#[derive(Clone, Debug)]
pub struct Batch {
    /// What the statements may do.
    pub mode: Mode,
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// The schema version the statements were compiled for, checked inside the transaction.
    /// Another version fails the batch with [`crate::ErrorKind::StaleVersion`] before any statement runs.
    pub expect_version: Option<u32>,
    /// The schema version to record at the end of the transaction.
    pub set_version: Option<u32>,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Does not share its transaction with other writes: a write that may touch many rows must not hold its neighbours up.
    pub alone: bool,
    /// May hold a thread in one long step, such as a pattern over a large text: a read does not run where it was asked.
    pub slow: bool,
    /// Largest answer, bytes of rendered JSON or of values; more fails with [`crate::ErrorKind::TooBig`].
    pub max_bytes: usize,
}

/// One SQL statement with its bound values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// SQL text; names come from the known schema, values are bound.
    pub sql: Cow<'static, str>,
    /// Values for `?1`, `?2`, …
    pub params: Vec<Value>,
    /// Parameters whose values earlier statements of the batch give; their places in `params` hold NULL.
    pub given: Vec<Given>,
    /// What to do with its rows.
    pub collect: Collect,
}

/// A parameter that takes its value from the rows of an earlier statement of the same batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which parameter, from 0.
    pub param: usize,
    /// Which statement of the batch.
    pub statement: usize,
    /// Which hidden column of its rows ([`JsonShape::keys`]).
    pub key: usize,
    /// Which of its rows.
    pub rows: GivenRows,
}

/// The rows that give a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenRows {
    /// One row, from 0; without it the batch fails with [`crate::ErrorKind::NoSuchRow`].
    One(usize),
    /// All of this statement and those that follow it, so many together, as a JSON array of integers, texts and nulls.
    All(usize),
}

/// What becomes of a statement's rows.
#[derive(Clone, Debug)]
pub enum Collect {
    /// There are none, or nobody asks.
    Nothing,
    /// As values.
    Values,
    /// As JSON objects, rendered while stepping.
    Json(Arc<JsonShape>),
}

/// A batch's answer: one outcome per statement.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In the order of the statements.
    pub statements: Vec<StatementOutcome>,
}

/// What one statement did.
#[derive(Debug)]
pub struct StatementOutcome {
    /// Its rows, as asked.
    pub rows: Rows,
    /// Rows inserted, updated or deleted.
    pub rows_affected: u64,
    /// The row id of the last insert on this connection.
    pub last_insert_id: i64,
}

/// Rows as they were asked for.
#[derive(Debug)]
pub enum Rows {
    /// Not asked for.
    Nothing,
    /// One list of values per row.
    Values(Vec<Vec<Value>>),
    /// Rendered JSON.
    Json(JsonRows),
}

impl Batch {
    /// A batch without statements, deadline or version check.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            statements: Vec::new(),
            expect_version: None,
            set_version: None,
            deadline: None,
            alone: mode == Mode::Schema,
            slow: false,
            max_bytes: usize::MAX,
        }
    }

    /// Only reads.
    #[must_use]
    pub fn read() -> Self {
        Self::new(Mode::Read)
    }

    /// Reads and writes.
    #[must_use]
    pub fn write() -> Self {
        Self::new(Mode::Write)
    }

    /// Adds a statement.
    #[must_use]
    pub fn with(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }
}

impl Statement {
    /// A statement whose rows nobody asks for.
    pub fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Value>) -> Self {
        Self { sql: sql.into(), params, given: Vec::new(), collect: Collect::Nothing }
    }

    /// A statement whose rows come back as values.
    pub fn query(sql: impl Into<Cow<'static, str>>, params: Vec<Value>) -> Self {
        Self { collect: Collect::Values, ..Self::new(sql, params) }
    }

    /// A statement whose rows come back as JSON.
    pub fn json(sql: impl Into<Cow<'static, str>>, params: Vec<Value>, shape: Arc<JsonShape>) -> Self {
        Self { collect: Collect::Json(shape), ..Self::new(sql, params) }
    }
}

impl Outcome {
    /// The first statement's rows as values; empty when it has none.
    #[must_use]
    pub fn into_values(self) -> Vec<Vec<Value>> {
        match self.statements.into_iter().next().map(|statement| statement.rows) {
            Some(Rows::Values(rows)) => rows,
            _ => Vec::new(),
        }
    }

    /// The value that an earlier statement gives; `None` where it has no such row.
    pub(crate) fn given(&self, given: &Given) -> Option<Value> {
        match given.rows {
            GivenRows::One(row) => {
                let rows = self.statements.get(given.statement).and_then(StatementOutcome::json)?;
                if row < rows.len() { rows.keys(row).get(given.key).cloned() } else { None }
            }
            GivenRows::All(count) => {
                let statements = self.statements.get(given.statement..given.statement + count)?;
                let rows = statements.iter().filter_map(StatementOutcome::json);
                Some(json_array(rows.flat_map(|rows| (0..rows.len()).map(|row| &rows.keys(row)[given.key]))))
            }
        }
    }

    /// Rows inserted, updated or deleted by all statements.
    #[must_use]
    pub fn rows_affected(&self) -> u64 {
        self.statements.iter().map(|statement| statement.rows_affected).sum()
    }
}

impl StatementOutcome {
    /// The rendered rows, where they were asked for.
    #[must_use]
    pub fn json(&self) -> Option<&JsonRows> {
        match &self.rows {
            Rows::Json(rows) => Some(rows),
            _ => None,
        }
    }
}

/// Keys as JSON. Keys that are floats or bytes would not come back as they were; nobody asks for them.
fn json_array<'a>(values: impl Iterator<Item = &'a Value>) -> Value {
    let values = values.map(|value| match value {
        Value::Integer(number) => serde_json::Value::from(*number),
        Value::Text(text) => serde_json::Value::from(text.as_str()),
        Value::Null | Value::Real(_) | Value::Blob(_) => serde_json::Value::Null,
    });
    Value::Text(serde_json::Value::Array(values.collect()).to_string())
}
