//! Inserts, updates and deletes as SQL, after every name and value has been checked.

use std::sync::Arc;

use atomicbase_core::{Code, Problem, fresh_uuid};
use db::{Collect, JsonShape, Statement, Value};
use schema::{Column, ColumnType, Table};

use super::Scope;
use super::compile::{Answer, Query, Sql, returning};
use super::fault::{Fault, did_you_mean, join, unknown_column};
use super::parse::{Action, Delete, Insert, Item, OnConflict, Row, Update};
use super::value;

/// One statement per row: rows with the same columns share a prepared statement, and a failing row is known by its number.
pub(super) fn insert(scope: &Scope<'_>, table: &Table, insert: &Insert<'_>) -> Result<Query, Problem> {
    let returning = insert.returning.as_deref();
    let mut statements = Vec::with_capacity(insert.rows.len());
    let mut places = Vec::with_capacity(insert.rows.len());
    for (row, path) in &insert.rows {
        let values = row_to_insert(table, row, path)?;
        let mut sql = Sql::default();
        sql.push("INSERT INTO ");
        sql.name(&table.name);
        if values.is_empty() {
            sql.push(" DEFAULT VALUES");
        } else {
            sql.push(" (");
            sql.list("", values.iter().map(|(column, _)| &column.name));
            sql.push(") VALUES (");
            for (index, (_, value)) in values.into_iter().enumerate() {
                sql.push(if index > 0 { ", " } else { "" });
                sql.bind(value);
            }
            sql.push(")");
        }
        if let Some(on_conflict) = &insert.on_conflict {
            if sql.text.ends_with("DEFAULT VALUES") {
                return Err(Fault::query(
                    &on_conflict.path,
                    "`on_conflict` needs at least one column in the row.",
                ));
            }
            conflict(&mut sql, table, row, on_conflict)?;
        }
        statements.push(finish(scope, table, sql, returning)?);
        places.push(path.clone());
    }
    let row_ids = table.is_rowid_key();
    let answer = Answer::Written { returning: returning.is_some(), row_ids, places };
    Ok(Query::new(statements, answer))
}

/// Only the rows that `filter` names; alone in its transaction unless it finds them by a key.
pub(super) fn update(scope: &Scope<'_>, table: &Table, update: &Update<'_>) -> Result<Query, Problem> {
    let path = join(&update.path, "data");
    if update.row.0.is_empty() {
        return Err(Fault::query(&path, "The update sets no column."));
    }
    let mut sql = Sql::default();
    sql.push("UPDATE ");
    sql.name(&table.name);
    sql.push(" SET ");
    let mut seen = Vec::new();
    for (name, raw) in &update.row.0 {
        let path = join(&path, name);
        let column = writable(table, name, &path, &mut seen)?;
        sql.push(if seen.len() > 1 { ", " } else { "" });
        sql.name(&column.name);
        sql.push(" = ");
        sql.bind(value::store(table, column, raw, &path)?);
    }
    sql.push(" WHERE ");
    update.filter.write(&mut sql, table, "")?;
    let alone = !update.filter.pins_a_key(table);
    written(scope, table, sql, update.returning.as_deref(), path, alone)
}

pub(super) fn delete(scope: &Scope<'_>, table: &Table, delete: &Delete) -> Result<Query, Problem> {
    let mut sql = Sql::default();
    sql.push("DELETE FROM ");
    sql.name(&table.name);
    sql.push(" WHERE ");
    delete.filter.write(&mut sql, table, "")?;
    let alone = !delete.filter.pins_a_key(table);
    written(scope, table, sql, delete.returning.as_deref(), String::new(), alone)
}

fn written(
    scope: &Scope<'_>,
    table: &Table,
    sql: Sql,
    returning: Option<&[Item]>,
    place: String,
    alone: bool,
) -> Result<Query, Problem> {
    let statement = finish(scope, table, sql, returning)?;
    let answer = Answer::Written { returning: returning.is_some(), row_ids: false, places: vec![place] };
    Ok(Query { alone, ..Query::new(vec![statement], answer) })
}

fn finish(
    scope: &Scope<'_>,
    table: &Table,
    mut sql: Sql,
    items: Option<&[Item]>,
) -> Result<Statement, Problem> {
    let shape: Option<Arc<JsonShape>> =
        items.map(|items| returning(scope, table, items, &mut sql)).transpose()?;
    let collect = shape.map_or(Collect::Nothing, Collect::Json);
    Ok(Statement { sql: sql.text.into(), params: sql.params, collect })
}

/// The row's values, with a fresh id where one is made here. What must be given and is not, is refused.
fn row_to_insert<'t>(
    table: &'t Table,
    row: &Row<'_>,
    path: &str,
) -> Result<Vec<(&'t Column, Value)>, Problem> {
    let mut seen = Vec::new();
    let mut values = Vec::with_capacity(row.0.len() + 1);
    for (name, raw) in &row.0 {
        let path = join(path, name);
        let column = writable(table, name, &path, &mut seen)?;
        // A null in the rowid's place would be the next rowid to SQLite; it was sent as a value, so it is refused as one.
        values.push((column, value::store(table, column, raw, &path)?));
    }
    for column in &table.columns {
        if seen.contains(&column.name.as_str()) || column.generated.is_some() || column.default.is_some() {
            continue;
        }
        if column.column_type == ColumnType::Id && table.in_primary_key(&column.name) {
            values.push((column, fresh_uuid().into()));
        } else if table.refuses_null(column) && !gets_a_rowid(table, column) {
            let message = format!("`{}.{}` must have a value.", table.name, column.name);
            return Err(Fault::at(Code::NotNullViolation, &join(path, &column.name), message));
        }
    }
    Ok(values)
}

fn gets_a_rowid(table: &Table, column: &Column) -> bool {
    table.is_rowid_key() && table.in_primary_key(&column.name) && column.column_type == ColumnType::Integer
}

fn writable<'t>(
    table: &'t Table,
    name: &str,
    path: &str,
    seen: &mut Vec<&'t str>,
) -> Result<&'t Column, Problem> {
    let column = table.column(name).ok_or_else(|| unknown_column(table, name, path))?;
    if column.generated.is_some() {
        return Err(Fault::query(path, format!("`{}` is computed and cannot be written.", column.name)));
    }
    if seen.contains(&column.name.as_str()) {
        return Err(Fault::query(path, format!("`{}` stands twice.", column.name)));
    }
    seen.push(&column.name);
    Ok(column)
}

/// ON CONFLICT. `replace` sets every column to what an insert would have, by an upsert: SQLite's own REPLACE deletes the row first,
/// which cascades.
fn conflict(sql: &mut Sql, table: &Table, row: &Row<'_>, on_conflict: &OnConflict) -> Result<(), Problem> {
    let target = target(table, on_conflict)?;
    sql.push(" ON CONFLICT");
    if on_conflict.action == Action::Ignore && on_conflict.target.is_none() {
        sql.push(" DO NOTHING");
        return Ok(());
    }
    sql.push(" (");
    sql.list("", target);
    sql.push(")");
    let in_target = |name: &str| target.iter().any(|column| column == name);
    let given = |name: &str| row.0.iter().any(|(column, _)| column == name);
    let columns: Vec<&Column> = match (on_conflict.action, &on_conflict.update) {
        (Action::Ignore, _) => Vec::new(),
        (Action::Update, Some(names)) => {
            let path = join(&on_conflict.path, "update");
            let mut seen = Vec::new();
            names.iter().map(|name| writable(table, name, &path, &mut seen)).collect::<Result<_, _>>()?
        }
        (Action::Update, None) => {
            table.columns.iter().filter(|column| given(&column.name) && !in_target(&column.name)).collect()
        }
        (Action::Replace, _) => table
            .columns
            .iter()
            .filter(|column| column.generated.is_none() && !in_target(&column.name))
            // The key of a row that stays stays too, unless the new row names another.
            .filter(|column| !table.in_primary_key(&column.name) || given(&column.name))
            .collect(),
    };
    if columns.is_empty() {
        sql.push(" DO NOTHING");
        return Ok(());
    }
    sql.push(" DO UPDATE SET ");
    for (index, column) in columns.into_iter().enumerate() {
        sql.push(if index > 0 { ", " } else { "" });
        sql.name(&column.name);
        // `excluded` holds the row as it would have been inserted, defaults included.
        sql.push(" = excluded.");
        sql.name(&column.name);
    }
    Ok(())
}

/// The columns that must be unique together for a conflict to be: the primary key, unless others are named.
fn target<'t>(table: &'t Table, on_conflict: &OnConflict) -> Result<&'t [String], Problem> {
    let Some(named) = &on_conflict.target else { return Ok(&table.primary_key) };
    let same = |columns: &[String]| {
        columns.len() == named.len() && columns.iter().all(|column| named.contains(column))
    };
    let indexes = table.indexes.iter().filter(|index| index.unique && index.filter.is_none());
    let mut sets =
        std::iter::once(&table.primary_key).chain(&table.unique).chain(indexes.map(|index| &index.columns));
    if let Some(set) = sets.find(|set| same(set)) {
        return Ok(set);
    }
    let path = join(&on_conflict.path, "target");
    for name in named {
        table.column(name).ok_or_else(|| unknown_column(table, name, &path))?;
    }
    let problem = Fault::query(&path, "The target is neither the primary key nor a unique set of columns.");
    Err(did_you_mean(problem, "", table.primary_key.iter().map(String::as_str)))
}
