//! What a query runs, and how its rows become the answer.

use std::sync::Arc;

use db::{Collect, JsonShape, Statement};

use super::condition::Given;
use super::cursor::{Position, Signer};
use super::sql::Sql;

/// Statements, and how their rows become the answer.
#[derive(Debug)]
pub struct Query {
    pub(super) statements: Vec<Statement>,
    /// Parameters that earlier operations of the batch give: statement, parameter, and what.
    pub(super) given: Vec<(usize, usize, Given)>,
    /// Where later operations of the batch find what it keeps for them; `None` where its rows are groups.
    pub(super) keeps: Option<Keeps>,
    pub(super) answer: Answer,
    /// May touch many rows: it must not hold up the writes it would share a commit with.
    pub(super) alone: bool,
    /// May hold a thread in one long step that no deadline can stop.
    pub(super) slow: bool,
    /// Columns of the table that are hidden from the caller: no refusal names them.
    pub(super) hidden: Vec<String>,
    /// Where it stands in a batch; empty where it is the whole request.
    pub(super) place: String,
}

/// Where an operation keeps columns for later operations of its batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keeps {
    /// The first statement that does.
    pub statement: usize,
    /// Each row has a statement of its own.
    pub spread: bool,
    /// The first of the kept columns among the hidden ones.
    pub first_key: usize,
}

impl Query {
    /// The query of an operation that stands there, on a table of which these columns are hidden.
    pub(super) fn at(self, place: &str, hidden: &[String]) -> Self {
        Self { place: place.to_owned(), hidden: hidden.to_vec(), ..self }
    }

    /// The SQL that it runs.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

#[derive(Debug)]
pub(super) enum Answer {
    /// Rows, the statement that counts them, and the pages around them.
    Rows { root: Node, count: Option<usize>, paging: Option<Paging> },
    /// What was written, and where its rows stand in the body.
    Written { returned: Option<Returned>, row_id: Option<RowId>, rows: Rows, writes: usize },
}

/// The pages around a page.
#[derive(Debug)]
pub(super) struct Paging {
    pub signer: Signer,
    /// Where this page begins, or ends.
    pub position: Option<Position>,
}

/// What a write answers of its rows: those of its first statements.
#[derive(Debug)]
pub(super) struct Returned {
    pub children: Vec<Child>,
}

/// Where the rows of a write stand in the body.
#[derive(Debug)]
pub(super) enum Rows {
    /// It has none: a delete.
    None,
    /// `data`.
    One(String),
    /// `data[0]`, `data[1]`, …: one of each statement.
    Listed(String),
}

/// The number of the row inserted last is part of the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowId {
    /// As a string beyond 2^53.
    pub bigint: bool,
}

impl Answer {
    pub(super) fn rows(root: Node, count: Option<usize>, paging: Option<Paging>) -> Self {
        Answer::Rows { root, count, paging }
    }

    /// Where the row of a statement stands in the body.
    pub(super) fn place(&self, statement: usize) -> Option<String> {
        match self {
            Answer::Written { rows: Rows::One(place), .. } => Some(place.clone()),
            Answer::Written { rows: Rows::Listed(place), writes, .. } if statement < *writes => {
                Some(format!("{place}[{statement}]"))
            }
            _ => None,
        }
    }
}

/// A list of rows in the answer.
#[derive(Debug)]
pub(super) struct Node {
    /// The statement that gives the rows.
    pub statement: usize,
    pub children: Vec<Child>,
    /// The rows come last first.
    pub backward: bool,
}

impl Node {
    /// Rows without relations.
    pub(super) fn leaf(statement: usize) -> Self {
        Self { statement, children: Vec::new(), backward: false }
    }
}

/// A relation below a list of rows. Its key among the parents' hidden keys has its own index in `children`.
#[derive(Debug)]
pub(super) struct Child {
    /// `"tasks":`
    pub label: String,
    pub many: bool,
    pub node: Node,
}

/// The statements of a query while it is compiled.
#[derive(Debug, Default)]
pub(super) struct Statements {
    all: Vec<Statement>,
    given: Vec<(usize, usize, Given)>,
    keeps: Option<Keeps>,
    /// Tables named so far, those of relations.
    tables: usize,
}

impl Statements {
    /// The number of the next table.
    pub(super) fn next_table(&mut self) -> usize {
        self.tables += 1;
        self.tables
    }

    /// How many there are so far.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds a statement whose rows are rendered; answers its index.
    pub(super) fn json(&mut self, sql: Sql, shape: Arc<JsonShape>) -> usize {
        self.add(sql, Collect::Json(shape))
    }

    /// Adds a statement of a single value.
    pub(super) fn values(&mut self, sql: Sql) -> usize {
        self.add(sql, Collect::Values)
    }

    pub(super) fn add(&mut self, sql: Sql, collect: Collect) -> usize {
        let index = self.all.len();
        self.given.extend(sql.given.into_iter().map(|(param, given)| (index, param, given)));
        let earlier = sql.earlier;
        self.all.push(Statement { sql: sql.text.into(), params: sql.params, given: earlier, collect });
        index
    }

    pub(super) fn keeps(&mut self, statement: usize, first_key: usize) {
        self.keeps = Some(Keeps { statement, first_key, spread: false });
    }

    /// Each row of an insert has its own statement, from the first on.
    pub(super) fn spreads(&mut self, first_key: usize) {
        self.keeps = Some(Keeps { statement: 0, first_key, spread: true });
    }

    pub(super) fn query(self, answer: Answer) -> Query {
        Query {
            statements: self.all,
            given: self.given,
            keeps: self.keeps,
            answer,
            alone: false,
            slow: false,
            hidden: Vec::new(),
            place: String::new(),
        }
    }
}
