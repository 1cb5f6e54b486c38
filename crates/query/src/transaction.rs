//! The operations of one request as one batch, and the batch's outcome as the request's answer.

use std::ops::Range;

use atomicbase_core::{Code, Limits, Problem};
use db::{Batch, DbError, ErrorKind, GivenRows, Mode, Outcome, StatementOutcome};

use super::answer;
use super::condition::Given;
use super::cursor::Position;
use super::fault::Fault;
use super::guard;
use super::plan::{Answer, Keeps, Query};

/// Statements that may share a commit with other writes; more of them hold nobody up.
const SHARED_STATEMENTS: usize = 1_000;

/// Of a batch that is on disk when its answer turns out too large.
const DONE_ALL_THE_SAME: &str =
    "The batch was done all the same: do not send it again. Read what you need in a request of its own.";

/// Operations that run in one transaction.
#[derive(Debug)]
pub struct Transaction {
    operations: Vec<Placed>,
    writes: bool,
    max_bytes: usize,
}

/// An operation, and where its statements stand in the batch.
#[derive(Debug)]
struct Placed {
    answer: Answer,
    place: String,
    statements: Range<usize>,
    keeps: Option<Keeps>,
    hidden: Vec<String>,
}

impl Transaction {
    /// The operations, and the batch that runs them.
    #[must_use]
    pub fn new(queries: Vec<Query>, limits: &Limits) -> (Self, Batch) {
        let writes = queries.iter().any(|query| matches!(query.answer, Answer::Written { .. }));
        let mut batch = Batch::new(if writes { Mode::Write } else { Mode::Read });
        batch.max_bytes = limits.answer_bytes;
        batch.alone = queries.iter().any(|query| query.alone);
        batch.slow = queries.iter().any(|query| query.slow);
        let mut operations = Vec::with_capacity(queries.len());
        for mut query in queries {
            let first = batch.statements.len();
            for given in query.statements.iter_mut().flat_map(|statement| &mut statement.given) {
                given.statement += first;
            }
            for (statement, param, given) in &query.given {
                query.statements[*statement].given.extend(from_earlier(&operations, *param, *given));
            }
            batch.statements.append(&mut query.statements);
            let statements = first..batch.statements.len();
            let Query { answer, place, keeps, hidden, .. } = query;
            operations.push(Placed { answer, place, statements, keeps, hidden });
        }
        batch.alone |= batch.statements.len() > SHARED_STATEMENTS;
        (Self { operations, writes, max_bytes: limits.answer_bytes }, batch)
    }

    /// Answers are refused from now on that are larger than this.
    pub fn limit_answer(&mut self, max_bytes: usize) {
        self.max_bytes = max_bytes;
    }

    /// The answer of a request that is one operation.
    ///
    /// # Errors
    /// `ANSWER_TOO_LARGE` where it is larger than the server allows.
    pub fn answer(&self, outcome: &Outcome) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::with_capacity(256);
        for operation in &self.operations {
            self.write(operation, outcome, &mut out)?;
        }
        Ok(out)
    }

    /// The answer of a batch: `{"results":[…]}`, one per operation.
    ///
    /// # Errors
    /// `ANSWER_TOO_LARGE` where it is larger than the server allows.
    pub fn batch_answer(&self, outcome: &Outcome) -> Result<Vec<u8>, Problem> {
        let mut out = b"{\"results\":[".to_vec();
        for (index, operation) in self.operations.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.write(operation, outcome, &mut out)?;
        }
        out.extend_from_slice(b"]}");
        Ok(out)
    }

    /// A page of an export: an object per line, how many, and where the page ends if rows follow it.
    ///
    /// # Errors
    /// `ANSWER_TOO_LARGE` where it is larger than the server allows.
    pub fn lines(&self, outcome: &Outcome) -> Result<(Vec<u8>, u64, Option<Position>), Problem> {
        let mut out = Vec::new();
        let Some(Placed { answer: Answer::Rows { root, .. }, .. }) = self.operations.first() else {
            return Ok((out, 0, None));
        };
        let (count, position) = answer::write_lines(root, &outcome.statements, self.max_bytes, &mut out)
            .map_err(|answer::TooBig| too_big(""))?;
        Ok((out, count, position))
    }

    fn write(&self, operation: &Placed, outcome: &Outcome, out: &mut Vec<u8>) -> Result<(), Problem> {
        let Placed { answer, place, statements, .. } = operation;
        let statements: &[StatementOutcome] = outcome.statements.get(statements.clone()).unwrap_or_default();
        answer::write(answer, statements, self.max_bytes, out).map_err(|answer::TooBig| {
            let problem = too_big(place);
            // The rows that a write gives back are counted before it is committed; related rows, which the answer repeats under
            // each parent, are not.
            if self.writes { problem.hint(DONE_ALL_THE_SAME) } else { problem }
        })
    }

    /// What a database refused, by the names of the template, without any value, at its place in the body.
    #[must_use]
    pub fn explain(&self, error: DbError) -> Problem {
        let failed = error.statement.and_then(|statement| {
            let holds = |placed: &&Placed| placed.statements.contains(&statement);
            self.operations.iter().find(holds).map(|placed| (placed, statement))
        });
        let place = failed.map_or(String::new(), |(placed, statement)| {
            let row = placed.answer.place(statement - placed.statements.start);
            row.unwrap_or_else(|| placed.place.clone())
        });
        let reads = failed.is_some_and(|(placed, _)| matches!(placed.answer, Answer::Rows { .. }));
        let hidden = failed.map_or(&[][..], |(placed, _)| &placed.hidden);
        match &error.kind {
            ErrorKind::Check(text) | ErrorKind::NotNull(text) | ErrorKind::Expression(text)
                if hidden.iter().any(|name| text.contains(name)) =>
            {
                let message = "A rule of the table, about what this caller does not see, does not hold.";
                Fault::at(Code::CheckViolation, &place, message).because(error)
            }
            // No row was written that an expression of the schema could not bear: it is a sum that no integer holds.
            ErrorKind::Expression(text) if reads => {
                Fault::query(&place, format!("A value of the answer cannot be computed: {text}."))
                    .because(error)
            }
            _ => explain(error, &place),
        }
    }
}

/// Where the value that an earlier operation keeps is found when its statements have run.
fn from_earlier(operations: &[Placed], param: usize, given: Given) -> Option<db::Given> {
    let Placed { statements, keeps, .. } = operations.get(given.operation)?;
    let keeps = (*keeps)?;
    let (statement, row) = if keeps.spread { (given.row, 0) } else { (keeps.statement, given.row) };
    let key = keeps.first_key + given.key;
    Some(db::Given { param, statement: statements.start + statement, key, rows: GivenRows::One(row) })
}

fn too_big(place: &str) -> Problem {
    Fault::at(Code::AnswerTooLarge, place, "The answer is larger than the server allows.")
        .hint("Select fewer columns, or ask for the rows in pages with `limit` and `offset`.")
}

fn explain(error: DbError, place: &str) -> Problem {
    let at = |code: Code, message: String| Fault::at(code, place, message);
    let problem = match &error.kind {
        ErrorKind::Unique(key) => {
            let message = match key.strip_prefix("index '").and_then(|name| name.strip_suffix('\'')) {
                Some(index) => format!("A row with the same values in the unique index `{index}` exists."),
                None => format!("A row with the same value in {} exists.", quoted(key)),
            };
            at(Code::UniqueViolation, message)
                .hint("Choose another value; an insert can say what to do instead with `on_conflict`.")
        }
        ErrorKind::ForeignKey => at(
            Code::ForeignKeyViolation,
            "A referenced row does not exist, or a row that would go is still referenced.".to_owned(),
        )
        .hint("Insert the referenced row first; delete the rows that refer to a row before it."),
        ErrorKind::NotNull(column) => {
            at(Code::NotNullViolation, format!("{} must have a value.", quoted(column)))
        }
        ErrorKind::Check(check) => at(Code::CheckViolation, format!("The check `{check}` does not hold.")),
        ErrorKind::Type(text) => at(Code::TypeMismatch, format!("A value does not fit its column: {text}.")),
        ErrorKind::Expression(text) => at(
            Code::CheckViolation,
            format!("An expression of the schema has no value for this row: {text}."),
        ),
        ErrorKind::Timeout => at(
            Code::QueryTimeout,
            "The query did not finish before its deadline, and changed nothing.".to_owned(),
        )
        .hint("Narrow `where`, lower `limit`, or add an index on the columns it filters and orders by."),
        ErrorKind::TooBig => too_big(place),
        ErrorKind::Raised(guard) => guard_broken(guard, place),
        ErrorKind::NoSuchRow => {
            at(Code::InvalidQuery, "An earlier operation gave no row to refer to.".to_owned())
        }
        ErrorKind::Search(text) => at(Code::InvalidQuery, format!("The search cannot be read: {text}."))
            .hint("Write plain words with `fts`; `match` takes the grammar of SQLite's FTS5."),
        ErrorKind::PatternTooComplex => at(Code::InvalidQuery, "The pattern is too complex.".to_owned()),
        _ => return error.into(),
    };
    problem.because(error)
}

/// A guard that this crate wrote into a statement.
fn guard_broken(guard: &str, place: &str) -> Problem {
    match guard {
        guard::MAX_AFFECTED => guard::too_many_rows(place),
        guard::OVERFLOW => {
            Fault::at(Code::TypeMismatch, place, "The sum of an `__inc` is no integer of 64 bits.")
                .hint("Nothing was changed.")
        }
        guard::CHECK => {
            let message = "The row that would result is not one that this caller may write.";
            Fault::at(Code::Forbidden, place, message)
                .hint("Nothing was changed. The policy of the caller's role says which rows may result.")
        }
        _ => {
            let message = "This caller may not change a row that the write would reach.";
            Fault::at(Code::Forbidden, place, message)
                .hint("Nothing was changed. The policy of the caller's role says which rows it may change.")
        }
    }
}

/// `tasks.a, tasks.b` as `` `tasks.a`, `tasks.b` ``.
fn quoted(columns: &str) -> String {
    columns.split(", ").map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
}
