//! A checked select as SQL whose text depends only on the query's shape, so that a prepared statement serves every value.
//! A nested list is a statement of its own in the same transaction: its parents' keys come from the parents' query again.

use std::sync::Arc;

use atomicbase_core::Problem;
use db::{JsonShape, Page};
use schema::{Column, fts_table_name, quote};

use super::Scope;
use super::cursor::{self, Key, Signer};
use super::fault::{Fault, Place};
use super::nested::{Level, Parents};
use super::order::{By, Order};
use super::plan::{Answer, Node, Paging, Query, Statements};
use super::select::{Group, Select, Shown, Start};
use super::shape::{self, Output};
use super::sql::Sql;

/// The table of a select, in its SQL.
const ROOT: &str = "t0";
/// The index of its search.
const SEARCH: &str = "f0";

/// A select with its relations and, where asked, its count. `kept` are columns that later operations of a batch take.
pub(super) fn select<'t>(
    scope: &Scope<'t>,
    mut select: Select<'t>,
    count: bool,
    kept: &[&Column],
    place: &Place<'_>,
) -> Result<Query, Problem> {
    let slow = select.filter.has_long_steps() || select.search.is_some();
    let source = source(&mut select);
    let mut statements = Statements::default();
    if let Some(group) = select.group.take() {
        let statement = grouped(scope, &select, &group, &source.sql, &mut statements);
        let count = count.then(|| counted_groups(&select, &group, &source.sql, &mut statements));
        return Ok(Query { slow, ..statements.query(Answer::rows(Node::leaf(statement), count, None)) });
    }
    let counted = count.then(|| {
        let mut sql = source.sql.after("SELECT count(*)");
        sql.push(&source.sql.text);
        sql
    });
    let (root, paging) = listed(scope, select, source, kept, &mut statements, place)?;
    let count = counted.map(|counted| statements.values(counted));
    Ok(Query { slow, ..statements.query(Answer::rows(root, count, paging)) })
}

/// ` FROM … WHERE …`
struct Source {
    sql: Sql,
    /// There is a WHERE.
    filtered: bool,
}

fn source(select: &mut Select<'_>) -> Source {
    let table = select.view.table;
    let mut sql = Sql::with_room();
    sql.push(" FROM ");
    sql.name(&table.name);
    sql.push(" AS ");
    sql.push(ROOT);
    let filter = std::mem::replace(&mut select.filter, super::condition::Condition::TRUE);
    let mut word = " WHERE ";
    if let Some(search) = select.search.take() {
        let index = quote(&fts_table_name(&table.name));
        sql.push(&format!(" JOIN {index} AS {SEARCH} ON {SEARCH}.rowid = "));
        sql.column_of_rowid(table, ROOT);
        sql.push(&format!(" WHERE {SEARCH}.{index} MATCH "));
        sql.bind(search.expression.into());
        word = " AND ";
    }
    if !filter.is_everything() {
        sql.push(word);
        sql.condition(filter, ROOT);
        word = " AND ";
    }
    Source { sql, filtered: word == " AND " }
}

/// Rows as they are, with their relations; one page of them where more may follow.
fn listed<'t>(
    scope: &Scope<'t>,
    select: Select<'t>,
    source: Source,
    kept: &[&Column],
    statements: &mut Statements,
    place: &Place<'_>,
) -> Result<(Node, Option<Paging>), Problem> {
    let Source { sql: mut source, filtered } = source;
    let keys = keys(&select);
    let pages = select.offset == 0 && select.limit > 0 && !select.finds_one && source.given.is_empty();
    let signer = pages.then(|| Signer::new(scope, &source, &keys));
    let position = match (&select.start, &signer) {
        (Start::Beginning, _) => None,
        (Start::After(position), _) => Some(position.clone()),
        (Start::Cursor(cursor), Some(signer)) => {
            Some(signer.read(cursor, keys.len(), &place.field("cursor"))?)
        }
        (Start::Cursor(_), None) => {
            return Err(Fault::query(place.field("cursor"), "This query has no pages, so it has no cursor."));
        }
    };
    if let Some(position) = &position {
        source.push(if filtered { " AND " } else { " WHERE " });
        cursor::beyond(&mut source, position, &keys, write_key);
    }
    let backward = position.as_ref().is_some_and(|position| position.backward);
    source.push(" ORDER BY ");
    for (index, key) in keys.iter().enumerate() {
        source.push(if index > 0 { ", " } else { "" });
        write_key(&mut source, key);
        source.push(if key.descending != backward { " DESC" } else { "" });
    }
    // Part of the shape: pages have few sizes, and SQLite may prepare a statement anew at each execution for a bound LIMIT.
    source.push(" LIMIT ");
    let before_limit = source.text.len();
    source.push_number(select.limit + u64::from(pages));
    if select.offset > 0 {
        source.push(" OFFSET ");
        source.bind(select.offset.into());
    }
    let mut outputs: Vec<Output<'_>> = select.shown.iter().map(Output::Shown).collect();
    outputs.extend(select.relations.iter().map(|related| Output::Hidden(related.relation.here)));
    outputs.extend(kept.iter().map(|column| Output::Hidden(column)));
    let hidden = select.relations.len() + kept.len();
    let page = pages.then(|| page(&select, &keys, &mut outputs));
    let alone = select.relations.is_empty();
    let mut sql = if alone { source.take("SELECT ") } else { source.after("SELECT ") };
    shape::write(&mut sql, &outputs, ROOT);
    sql.push(&source.text);
    let columns = shape::columns(&select.shown, scope.bigint);
    let shape = Arc::new(JsonShape { columns, keys: hidden, page, guarded: false });
    let statement = statements.json(sql, shape);
    if pages && !alone {
        // The row that follows the page is nobody's parent.
        source.text.truncate(before_limit);
        source.push_number(select.limit);
    }
    let level = Level { alias: ROOT.to_owned(), parents: Parents::Source(source) };
    let first_kept = select.relations.len();
    let children = level.children(scope, select.relations, statements);
    statements.keeps(statement, first_kept);
    let paging = signer.map(|signer| Paging { signer, position });
    Ok((Node { statement, children, backward }, paging))
}

/// The columns of the order: what was asked, then the primary key, so that no two rows are alike in it.
fn keys<'t>(select: &Select<'t>) -> Vec<Key<'t>> {
    let table = select.view.table;
    let key = |column: &'t Column, descending: bool| Key {
        column: Some(column),
        descending,
        nullable: !table.refuses_null(column),
    };
    let asked = select.order.iter().map(|Order { by, descending }| match by {
        By::Column(column) => key(column, *descending),
        By::Shown(_) | By::Rank => Key { column: None, descending: *descending, nullable: false },
    });
    let mut keys: Vec<Key<'t>> = asked.collect();
    for name in &table.primary_key {
        if !keys.iter().any(|key| key.column.is_some_and(|column| column.name == *name)) {
            keys.extend(table.column(name).map(|column| key(column, false)));
        }
    }
    keys
}

fn write_key(sql: &mut Sql, key: &Key<'_>) {
    match key.column {
        Some(column) => sql.column(ROOT, &column.name),
        None => sql.push(&format!("{SEARCH}.rank")),
    }
}

/// Where the order's columns are in the statement; those that are not there already are added at its end.
fn page<'t>(select: &Select<'t>, keys: &[Key<'t>], outputs: &mut Vec<Output<'t>>) -> Page {
    let position = keys.iter().map(|key| {
        let shown = select.shown.iter().position(|shown| match (shown, key.column) {
            (Shown::Column(shown), Some(column)) => shown.name == column.name,
            _ => false,
        });
        shown.unwrap_or_else(|| {
            outputs.push(key.column.map_or(Output::Rank, Output::Hidden));
            outputs.len() - 1
        })
    });
    Page { rows: usize::try_from(select.limit).unwrap_or(usize::MAX), position: position.collect() }
}

/// Groups of rows, one row each.
fn grouped(
    scope: &Scope<'_>,
    select: &Select<'_>,
    group: &Group<'_>,
    source: &Sql,
    statements: &mut Statements,
) -> usize {
    let mut sql = source.after("SELECT ");
    let outputs: Vec<Output<'_>> = select.shown.iter().map(Output::Shown).collect();
    shape::write(&mut sql, &outputs, ROOT);
    sql.push(&source.text);
    write_group(&mut sql, group, ROOT);
    let order = group_order(select, group);
    for (index, (by, descending)) in order.iter().enumerate() {
        sql.push(if index > 0 { ", " } else { " ORDER BY " });
        write_group_key(&mut sql, *by, ROOT);
        sql.push(if *descending { " DESC" } else { "" });
    }
    sql.push(" LIMIT ");
    sql.push_number(select.limit);
    if select.offset > 0 {
        sql.push(" OFFSET ");
        sql.bind(select.offset.into());
    }
    let columns = shape::columns(&select.shown, scope.bigint);
    statements.json(sql, Arc::new(JsonShape { columns, ..JsonShape::default() }))
}

fn counted_groups(
    select: &Select<'_>,
    group: &Group<'_>,
    source: &Sql,
    statements: &mut Statements,
) -> usize {
    let mut sql = source.after("SELECT count(*) FROM (SELECT ");
    let outputs: Vec<Output<'_>> = select.shown.iter().map(Output::Shown).collect();
    shape::write(&mut sql, &outputs, ROOT);
    sql.push(&source.text);
    write_group(&mut sql, group, ROOT);
    sql.push(")");
    statements.values(sql)
}

/// ` GROUP BY … HAVING …`
fn write_group(sql: &mut Sql, group: &Group<'_>, alias: &str) {
    if !group.by.is_empty() {
        sql.push(" GROUP BY ");
        sql.list(alias, group.by.iter().map(|column| &column.name));
    }
    write_having(sql, group, alias);
}

pub(super) fn write_having(sql: &mut Sql, group: &Group<'_>, alias: &str) {
    if !group.having.is_everything() {
        sql.push(" HAVING ");
        sql.condition(group.having.clone(), alias);
    }
}

/// What was asked, then the columns that make a group, so that no two groups are alike in it.
pub(super) fn group_order<'s>(select: &'s Select<'_>, group: &'s Group<'_>) -> Vec<(GroupBy<'s>, bool)> {
    let mut order: Vec<(GroupBy<'s>, bool)> = Vec::new();
    for Order { by, descending } in &select.order {
        order.push(match by {
            By::Column(column) => (GroupBy::Column(column), *descending),
            By::Shown(index) => (GroupBy::Shown(&select.shown[*index]), *descending),
            By::Rank => continue,
        });
    }
    for column in &group.by {
        let known = |by: &GroupBy<'_>| matches!(by, GroupBy::Column(known) if known.name == column.name);
        if !order.iter().any(|(by, _)| known(by)) {
            order.push((GroupBy::Column(column), false));
        }
    }
    order
}

/// What groups are ordered by.
#[derive(Clone, Copy, Debug)]
pub(super) enum GroupBy<'s> {
    Column(&'s Column),
    Shown(&'s Shown<'s>),
}

pub(super) fn write_group_key(sql: &mut Sql, by: GroupBy<'_>, alias: &str) {
    match by {
        GroupBy::Column(column) => sql.column(alias, &column.name),
        GroupBy::Shown(Shown::Aggregate(aggregate)) => sql.compared(aggregate, alias),
        GroupBy::Shown(shown) => sql.name(shown.label()),
    }
}
