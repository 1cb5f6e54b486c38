//! Checked queries as SQL whose text depends only on the query's shape, so that a prepared statement serves every value.
//! A nested list is a statement of its own in the same transaction: its parents' keys come from the parents' query again.

use std::borrow::Cow;
use std::sync::Arc;

use db::{JsonColumn, JsonShape, Kind, Statement};
use schema::{Column, ColumnType, Table, quote};

use super::Scope;
use super::relation::Relation;
use super::select::{Order, Related, Select, Selection};
use super::sql::Sql;

/// Statements, and how their rows become the answer.
#[derive(Debug)]
pub struct Query {
    pub(super) statements: Vec<Statement>,
    pub(super) answer: Answer,
    /// May touch many rows: it must not hold up the writes it would share a commit with.
    pub(super) alone: bool,
    /// Matches patterns: each a step that no deadline can stop.
    pub(super) slow: bool,
    /// Where it stands in a batch; empty where it is the whole request.
    pub(super) place: String,
}

impl Query {
    pub(super) fn new(statements: Vec<Statement>, answer: Answer) -> Self {
        Self { statements, answer, alone: false, slow: false, place: String::new() }
    }

    pub(super) fn at(self, place: &str) -> Self {
        Self { place: place.to_owned(), ..self }
    }

    /// The SQL that it runs.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

#[derive(Debug)]
pub(super) enum Answer {
    /// Rows, and the statement that counts them.
    Rows { root: Node, count: Option<usize> },
    /// What was written, and where its rows stand in the body.
    Written { returning: bool, row_id: Option<RowId>, rows: Rows },
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
    /// Where the row of a statement stands in the body.
    pub(super) fn place(&self, statement: usize) -> Option<String> {
        match self {
            Answer::Written { rows: Rows::One(place), .. } => Some(place.clone()),
            Answer::Written { rows: Rows::Listed(place), .. } => Some(format!("{place}[{statement}]")),
            Answer::Written { rows: Rows::None, .. } | Answer::Rows { .. } => None,
        }
    }
}

/// A list of rows in the answer.
#[derive(Debug)]
pub(super) struct Node {
    /// The statement that gives the rows.
    pub statement: usize,
    pub children: Vec<Child>,
}

/// A relation below a list of rows. Its key among the parents' hidden keys has its own index in `children`.
#[derive(Debug)]
pub(super) struct Child {
    /// `"tasks":`
    pub label: String,
    pub many: bool,
    pub node: Node,
}

/// A select with its relations and, where asked, its count.
pub(super) fn select(scope: &Scope<'_>, table: &Table, select: Select<'_>, count: bool) -> Query {
    let Select { selection, filter, order, limit, offset } = select;
    let slow = filter.has_patterns();
    let mut source = Sql::with_room();
    source.push(" FROM ");
    source.name(&table.name);
    source.push(" AS t0");
    if !filter.is_everything() {
        source.push(" WHERE ");
        source.condition(filter, "t0");
    }
    let counted =
        count.then(|| Statement::query(format!("SELECT count(*){}", source.text), source.params.clone()));
    order_by(&mut source, table, "t0", &order);
    // Part of the shape: pages have few sizes, and SQLite may prepare a statement anew at each execution for a bound LIMIT.
    source.push(" LIMIT ");
    source.push_number(limit);
    if offset > 0 {
        source.push(" OFFSET ");
        source.bind(offset.into());
    }

    let mut builder = Builder { scope, statements: Vec::with_capacity(1), tables: 1 };
    let root = builder.node(Level { alias: "t0".into(), source, joined: None }, selection);
    let mut statements = builder.statements;
    let count = counted.map(|counted| {
        statements.push(counted);
        statements.len() - 1
    });
    Query { slow, ..Query::new(statements, Answer::Rows { root, count }) }
}

/// ORDER BY what was asked, then the primary key: the same rows come in the same order.
fn order_by(sql: &mut Sql, table: &Table, alias: &str, orders: &[Order<'_>]) {
    sql.push(" ORDER BY ");
    for order in orders {
        sql.column(alias, &order.column.name);
        sql.push(if order.descending { " DESC, " } else { ", " });
    }
    sql.list(alias, &table.primary_key);
}

/// The rows of one level: where they come from, and which column of the source joins them with their parents.
struct Level {
    alias: Cow<'static, str>,
    source: Sql,
    joined: Option<String>,
}

struct Builder<'a> {
    scope: &'a Scope<'a>,
    statements: Vec<Statement>,
    /// Tables aliased so far.
    tables: usize,
}

impl Builder<'_> {
    fn node(&mut self, level: Level, selection: Selection<'_>) -> Node {
        let Selection { columns, relations } = selection;
        let mut sql = Sql::with_room();
        sql.push("SELECT ");
        let hidden = relations.iter().map(|related| related.relation.here.name.as_str());
        sql.list(&level.alias, columns.iter().map(|column| column.name.as_str()).chain(hidden));
        if let Some(joined) = &level.joined {
            sql.push(if columns.is_empty() && relations.is_empty() { "" } else { ", " });
            sql.push(joined);
        }
        sql.push(&level.source.text);
        let keys = relations.len() + usize::from(level.joined.is_some());
        let shape = shape(&columns, keys, self.scope.bigint);
        self.statements.push(Statement::json(sql.text, level.source.params.clone(), shape));
        let statement = self.statements.len() - 1;
        let below = relations.into_iter().map(|Related { label, relation, selection }| {
            let below = self.below(&level, relation);
            let label = format!("{}:", serde_json::Value::from(label));
            Child { label, many: relation.many, node: self.node(below, selection) }
        });
        Node { statement, children: below.collect() }
    }

    /// The level below, along a relation.
    fn below(&mut self, level: &Level, relation: Relation<'_>) -> Level {
        let number = self.tables;
        self.tables += 1;
        let (alias, parents) = (format!("t{number}"), format!("p{number}"));
        let Relation { table: there, here, .. } = relation;
        let mut sql = Sql { params: level.source.params.clone(), ..Sql::with_room() };
        sql.push(" FROM (SELECT DISTINCT k FROM (SELECT ");
        sql.column(&level.alias, &here.name);
        if collation(here) != BINARY {
            // Each parent finds its rows under its own bytes, also where another parent's are equal to them.
            sql.push(" COLLATE BINARY");
        }
        sql.push(" AS k");
        sql.push(&level.source.text);
        sql.push(&format!(")) AS {parents} CROSS JOIN "));
        sql.name(&there.name);
        sql.push(&format!(" AS {alias} ON "));
        if relation.many {
            let rowid = there.rowid_alias();
            sql.push(&format!("{alias}.{rowid} IN (SELECT i.{rowid} FROM "));
            sql.name(&there.name);
            sql.push(" AS i WHERE ");
            joins(&mut sql, "i", relation, &parents);
            sql.push(" ORDER BY ");
            sql.list("i", &there.primary_key);
            sql.push(&format!(" LIMIT {}) ORDER BY ", self.scope.limits.nested_rows));
            sql.list(&alias, &there.primary_key);
        } else {
            joins(&mut sql, &alias, relation, &parents);
        }
        Level { alias: alias.into(), source: sql, joined: Some(format!("{parents}.k")) }
    }
}

const BINARY: &str = "BINARY";

fn collation(column: &Column) -> &str {
    column.collate.as_deref().unwrap_or(BINARY)
}

/// Parent and child are joined as the foreign key compares them: by the collation of the column referred to.
fn joins(sql: &mut Sql, alias: &str, relation: Relation<'_>, parents: &str) {
    let Relation { here, there, many, .. } = relation;
    sql.column(alias, &there.name);
    sql.push(&format!(" = {parents}.k"));
    let referred = if many { here } else { there };
    if collation(referred) != collation(there) {
        sql.push(&format!(" COLLATE {}", quote(collation(referred))));
    }
}

/// RETURNING and the shape of its rows.
pub(super) fn returning(scope: &Scope<'_>, columns: &[&Column]) -> (String, Arc<JsonShape>) {
    let mut sql = Sql::default();
    sql.push(" RETURNING ");
    sql.list("", columns.iter().map(|column| &column.name));
    (sql.text, shape(columns, 0, scope.bigint))
}

fn shape(columns: &[&Column], keys: usize, bigint: bool) -> Arc<JsonShape> {
    let columns = columns.iter().map(|column| {
        let kind = match column.column_type {
            ColumnType::Boolean => Kind::Boolean,
            ColumnType::Json => Kind::Json,
            ColumnType::Integer | ColumnType::Timestamp if bigint => Kind::BigInteger,
            _ => Kind::Plain,
        };
        JsonColumn::new(&column.name, kind)
    });
    Arc::new(JsonShape { columns: columns.collect(), keys })
}
