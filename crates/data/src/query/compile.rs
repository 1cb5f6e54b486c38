//! Checked queries as SQL whose text depends only on the query's shape, so that a prepared statement serves every value.
//! A nested list is a statement of its own in the same transaction: its parents' keys come from the parents' query again.

use std::sync::Arc;

use atomicbase_core::Problem;
use db::{JsonColumn, JsonShape, Kind, Statement, Value};
use schema::{Column, ColumnType, Table, push_quoted, quote};

use super::Scope;
use super::fault::{Fault, unknown_column};
use super::parse::{Item, Order, Select};
use super::relation::{self, Relation};

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
    /// What was written. `places` says where the row of each statement stands in the body.
    Written { returning: bool, row_id: Option<RowId>, places: Vec<String> },
}

/// The number of the row inserted last is part of the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowId {
    /// As a string beyond 2^53.
    pub bigint: bool,
}

impl Answer {
    /// Where the row of a statement stands in the body.
    pub(super) fn place(&self, statement: usize) -> Option<&str> {
        match self {
            Answer::Written { places, .. } => places.get(statement).map(String::as_str),
            Answer::Rows { .. } => None,
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

/// SQL text with the values bound so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Sql {
    pub text: String,
    pub params: Vec<Value>,
    /// Patterns matched by the text.
    pub patterns: usize,
}

impl Sql {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn name(&mut self, name: &str) {
        push_quoted(&mut self.text, name);
    }

    /// A column of the table called `alias`; of the statement's only table where that is empty.
    pub(super) fn column(&mut self, alias: &str, name: &str) {
        if !alias.is_empty() {
            self.push(alias);
            self.push(".");
        }
        self.name(name);
    }

    pub(super) fn bind(&mut self, value: Value) {
        self.params.push(value);
        self.push("?");
        self.push(&self.params.len().to_string());
    }

    pub(super) fn list(&mut self, alias: &str, names: impl IntoIterator<Item = impl AsRef<str>>) {
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.column(alias, name.as_ref());
        }
    }
}

/// A select with its relations and, where asked, its count.
pub(super) fn select(
    scope: &Scope<'_>,
    table: &Table,
    select: &Select,
    count: bool,
) -> Result<Query, Problem> {
    let mut source = Sql::default();
    source.push(" FROM ");
    source.name(&table.name);
    source.push(" AS t0");
    if !select.filter.is_everything() {
        source.push(" WHERE ");
        select.filter.write(&mut source, table, "t0")?;
    }
    let slow = source.patterns > 0;
    let everything = source.clone();
    order_by(&mut source, table, "t0", &select.order)?;
    // Part of the shape: pages have few sizes, and SQLite may prepare a statement anew at each execution for a bound LIMIT.
    let limit = select.limit.unwrap_or(scope.limits.default_rows.min(scope.limits.max_rows));
    source.push(&format!(" LIMIT {limit}"));
    if let Some(offset) =
        select.offset.and_then(|offset| i64::try_from(offset).ok()).filter(|offset| *offset > 0)
    {
        source.push(" OFFSET ");
        source.bind(offset.into());
    }

    let mut builder = Builder { scope, statements: Vec::new(), tables: 1 };
    let level = Level { table, alias: "t0".to_owned(), source, joined: None };
    let root = builder.node(&level, &select.items)?;
    let mut statements = builder.statements;
    let count = count.then(|| {
        statements.push(Statement::query(format!("SELECT count(*){}", everything.text), everything.params));
        statements.len() - 1
    });
    Ok(Query { slow, ..Query::new(statements, Answer::Rows { root, count }) })
}

/// ORDER BY what was asked, then the primary key: the same rows come in the same order.
fn order_by(sql: &mut Sql, table: &Table, alias: &str, orders: &[Order]) -> Result<(), Problem> {
    sql.push(" ORDER BY ");
    for order in orders {
        let column =
            table.column(&order.column).ok_or_else(|| unknown_column(table, &order.column, &order.path))?;
        sql.column(alias, &column.name);
        sql.push(if order.descending { " DESC, " } else { ", " });
    }
    sql.list(alias, &table.primary_key);
    Ok(())
}

/// The rows of one level: where they come from, and which column of the source joins them with their parents.
struct Level<'a> {
    table: &'a Table,
    alias: String,
    source: Sql,
    joined: Option<String>,
}

struct Builder<'a> {
    scope: &'a Scope<'a>,
    statements: Vec<Statement>,
    /// Tables aliased so far.
    tables: usize,
}

/// What is asked of one table.
struct Asked<'a, 'i> {
    /// Once each, in the order asked.
    columns: Vec<&'a Column>,
    relations: Vec<AskedRelation<'a, 'i>>,
}

struct AskedRelation<'a, 'i> {
    label: &'i str,
    relation: Relation<'a>,
    items: &'i [Item],
}

impl<'a> Builder<'a> {
    fn node(&mut self, level: &Level<'a>, items: &[Item]) -> Result<Node, Problem> {
        let Asked { columns, relations } = self.resolve(level.table, items)?;
        let mut sql = Sql::default();
        sql.push("SELECT ");
        let hidden = relations.iter().map(|asked| asked.relation.here.name.as_str());
        sql.list(&level.alias, columns.iter().map(|column| column.name.as_str()).chain(hidden));
        if let Some(joined) = &level.joined {
            sql.push(if columns.is_empty() && relations.is_empty() { "" } else { ", " });
            sql.push(joined);
        }
        let keys = relations.len() + usize::from(level.joined.is_some());
        let columns = columns.iter().map(|column| json(column, self.scope.bigint)).collect();
        sql.push(&level.source.text);
        let shape = Arc::new(JsonShape { columns, keys });
        self.statements.push(Statement::json(sql.text, level.source.params.clone(), shape));
        let statement = self.statements.len() - 1;
        let mut children = Vec::with_capacity(relations.len());
        for AskedRelation { label, relation, items } in relations {
            let below = self.below(level, relation);
            let node = self.node(&below, items)?;
            let label = format!("{}:", serde_json::Value::from(label));
            children.push(Child { label, many: relation.many, node });
        }
        Ok(Node { statement, children })
    }

    fn resolve<'i>(&self, table: &'a Table, items: &'i [Item]) -> Result<Asked<'a, 'i>, Problem> {
        let mut columns: Vec<&Column> = Vec::new();
        let mut relations: Vec<AskedRelation<'a, 'i>> = Vec::new();
        let mut labels: Vec<(&str, &str)> = Vec::new();
        for item in items {
            match item {
                Item::All => table.columns.iter().for_each(|column| add_once(&mut columns, column)),
                Item::Column { name, path } => {
                    let column = table.column(name).ok_or_else(|| self.unknown_item(table, name, path))?;
                    add_once(&mut columns, column);
                }
                Item::Relation { label, from, items, path } => {
                    let relation = relation::find(self.scope.template, table, from, path)?;
                    relations.push(AskedRelation { label, relation, items });
                    labels.push((label, path));
                }
            }
        }
        for (index, (label, path)) in labels.iter().enumerate() {
            let twice = labels[..index].iter().any(|(other, _)| other == label);
            if twice || columns.iter().any(|column| column.name == **label) {
                return Err(Fault::query(path, format!("`{label}` is selected twice."))
                    .hint("Give the relation another name: {\"other\": {\"from\": …, \"select\": […]}}."));
            }
        }
        Ok(Asked { columns, relations })
    }

    /// A table named like a column was probably meant as a relation.
    fn unknown_item(&self, table: &Table, name: &str, path: &str) -> Problem {
        let problem = unknown_column(table, name, path);
        if relation::find(self.scope.template, table, name, path).is_ok() {
            return problem.hint(format!("`{name}` is a relation: write {{\"{name}\": [\"*\"]}}."));
        }
        problem
    }

    /// The level below, along a relation.
    fn below(&mut self, level: &Level<'a>, relation: Relation<'a>) -> Level<'a> {
        let number = self.tables;
        self.tables += 1;
        let (alias, parents) = (format!("t{number}"), format!("p{number}"));
        let Relation { table: there, here, .. } = relation;
        let mut sql = Sql { params: level.source.params.clone(), ..Sql::default() };
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
        Level { table: there, alias, source: sql, joined: Some(format!("{parents}.k")) }
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

fn add_once<'a>(columns: &mut Vec<&'a Column>, column: &'a Column) {
    if !columns.iter().any(|known| known.name == column.name) {
        columns.push(column);
    }
}

/// RETURNING and the shape of its rows. Relations are not returned.
pub(super) fn returning(
    scope: &Scope<'_>,
    table: &Table,
    items: &[Item],
) -> Result<(String, Arc<JsonShape>), Problem> {
    let mut columns = Vec::new();
    for item in items {
        match item {
            Item::All => table.columns.iter().for_each(|column| add_once(&mut columns, column)),
            Item::Column { name, path } => {
                add_once(&mut columns, table.column(name).ok_or_else(|| unknown_column(table, name, path))?);
            }
            Item::Relation { path, .. } => {
                return Err(Fault::query(path, "`returning` takes columns, no relations.")
                    .hint("Select the relation in a query of its own."));
            }
        }
    }
    let mut sql = Sql::default();
    sql.push(" RETURNING ");
    sql.list("", columns.iter().map(|column| &column.name));
    let columns = columns.iter().map(|column| json(column, scope.bigint)).collect();
    Ok((sql.text, Arc::new(JsonShape { columns, keys: 0 })))
}

fn json(column: &Column, bigint: bool) -> JsonColumn {
    let kind = match column.column_type {
        ColumnType::Boolean => Kind::Boolean,
        ColumnType::Json => Kind::Json,
        ColumnType::Integer | ColumnType::Timestamp if bigint => Kind::BigInteger,
        _ => Kind::Plain,
    };
    JsonColumn::new(&column.name, kind)
}
