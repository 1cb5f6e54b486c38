//! Inserts, updates and deletes as SQL, after every name and value has been checked.

use std::sync::Arc;

use atomicbase_core::{Code, Problem, fresh_uuid};
use db::{Collect, JsonShape, Statement, Value};
use schema::{Column, ColumnType, Table};

use super::Scope;
use super::compile::{Answer, Query, RowId, Sql, returning};
use super::fault::{Fault, join, unknown_column};
use super::fields::Members;
use super::parse::{Action, Delete, Insert, Item, OnConflict, Update};
use super::relation::has_followers;
use super::value;

/// One statement per row: rows with the same columns share a prepared statement, and a failing row is known by its number.
pub(super) fn insert(scope: &Scope<'_>, table: &Table, insert: &Insert<'_>) -> Result<Query, Problem> {
    let returned = Returned::new(scope, table, insert.returning.as_deref())?;
    let conflict = insert.on_conflict.as_ref().map(|asked| Conflict::new(table, asked)).transpose()?;
    let mut statements = Vec::with_capacity(insert.rows.len());
    let mut places = Vec::with_capacity(insert.rows.len());
    for (row, path) in &insert.rows {
        let values = row_to_insert(table, row, path)?;
        let mut sql = Sql::default();
        sql.push("INSERT INTO ");
        sql.name(&table.name);
        // An alias, because a table may be called `excluded`.
        sql.push(" AS t");
        if values.is_empty() && conflict.is_some() {
            let message = "The row is empty; with `on_conflict` it has at least one column.";
            return Err(Fault::query(path, message));
        } else if values.is_empty() {
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
        if let Some(conflict) = &conflict {
            conflict.write(&mut sql, table, row);
        }
        statements.push(returned.finish(sql));
        places.push(path.clone());
    }
    // An insert that may turn into an update has no row id to tell: SQLite's is then that of an earlier insert.
    let inserts = conflict.is_none_or(|conflict| conflict.action == Action::Ignore);
    let row_id = (inserts && is_numbered(table)).then_some(RowId { bigint: scope.bigint });
    Ok(Query::new(statements, Answer::Written { returning: insert.returning.is_some(), row_id, places }))
}

/// Only the rows that the filter finds; alone in its transaction unless it finds them by a key.
pub(super) fn update(scope: &Scope<'_>, table: &Table, update: &Update<'_>) -> Result<Query, Problem> {
    if update.row.0.is_empty() {
        return Err(Fault::query(&update.place, "The update sets no column."));
    }
    let mut sql = Sql::default();
    sql.push("UPDATE ");
    sql.name(&table.name);
    sql.push(" SET ");
    let mut seen = Vec::new();
    for (name, raw) in &update.row.0 {
        let path = join(&update.place, name);
        let column = writable(table, name, &path, &mut seen)?;
        sql.push(if seen.len() > 1 { ", " } else { "" });
        sql.name(&column.name);
        sql.push(" = ");
        sql.bind(value::store(table, column, raw, &path)?);
    }
    sql.push(" WHERE ");
    update.filter.write(&mut sql, table, "")?;
    let alone = !update.filter.pins_a_key(table);
    written(scope, table, sql, update.returning.as_deref(), vec![update.place.clone()], alone)
}

/// Only the rows that the filter finds; alone in its transaction unless it finds them by a key and no other rows go with them.
pub(super) fn delete(scope: &Scope<'_>, table: &Table, delete: &Delete) -> Result<Query, Problem> {
    let mut sql = Sql::default();
    sql.push("DELETE FROM ");
    sql.name(&table.name);
    sql.push(" WHERE ");
    delete.filter.write(&mut sql, table, "")?;
    let alone = !delete.filter.pins_a_key(table) || has_followers(scope.template, table);
    written(scope, table, sql, delete.returning.as_deref(), Vec::new(), alone)
}

fn written(
    scope: &Scope<'_>,
    table: &Table,
    sql: Sql,
    returning: Option<&[Item]>,
    places: Vec<String>,
    alone: bool,
) -> Result<Query, Problem> {
    let statement = Returned::new(scope, table, returning)?.finish(sql);
    let answer = Answer::Written { returning: returning.is_some(), row_id: None, places };
    Ok(Query { alone, ..Query::new(vec![statement], answer) })
}

/// What a write answers of its rows.
struct Returned(Option<(String, Arc<JsonShape>)>);

impl Returned {
    fn new(scope: &Scope<'_>, table: &Table, items: Option<&[Item]>) -> Result<Self, Problem> {
        items.map(|items| returning(scope, table, items)).transpose().map(Self)
    }

    fn finish(&self, mut sql: Sql) -> Statement {
        let collect = match &self.0 {
            None => Collect::Nothing,
            Some((clause, shape)) => {
                sql.push(clause);
                Collect::Json(Arc::clone(shape))
            }
        };
        Statement { sql: sql.text.into(), params: sql.params, collect }
    }
}

/// The row's values, with a fresh id where one is made here. What must be given and is not, is refused.
fn row_to_insert<'t>(
    table: &'t Table,
    row: &Members<'_>,
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
        if column.column_type == ColumnType::Id {
            values.push((column, fresh_uuid().into()));
        } else if table.refuses_null(column) && !(is_numbered(table) && table.in_primary_key(&column.name)) {
            let message = format!("`{}.{}` must have a value.", table.name, column.name);
            return Err(Fault::at(Code::NotNullViolation, &join(path, &column.name), message));
        }
    }
    Ok(values)
}

/// Whether a row's key is SQLite's next number where none is given.
fn is_numbered(table: &Table) -> bool {
    let key = table.primary_key.first().and_then(|name| table.column(name));
    table.is_rowid_key() && key.is_some_and(|column| column.column_type == ColumnType::Integer)
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

/// ON CONFLICT, for every row of an insert.
struct Conflict<'t> {
    action: Action,
    /// The columns that must be unique together for a conflict to be; `None` is any.
    target: Option<&'t [String]>,
    update: Option<Vec<&'t Column>>,
}

impl<'t> Conflict<'t> {
    fn new(table: &'t Table, asked: &OnConflict) -> Result<Self, Problem> {
        let target = match &asked.target {
            Some(named) => Some(unique_set(table, named, &join(&asked.path, "target"))?),
            None if asked.action == Action::Ignore => None,
            None => Some(table.primary_key.as_slice()),
        };
        let update = asked.update.as_ref().map(|names| {
            let path = join(&asked.path, "update");
            let mut seen = Vec::new();
            names.iter().map(|name| writable(table, name, &path, &mut seen)).collect::<Result<_, _>>()
        });
        Ok(Self { action: asked.action, target, update: update.transpose()? })
    }

    /// `replace` sets every column to what an insert would have, by an upsert: SQLite's own REPLACE deletes the row first, which
    /// cascades.
    fn write(&self, sql: &mut Sql, table: &Table, row: &Members<'_>) {
        sql.push(" ON CONFLICT");
        let Some(target) = self.target else { return sql.push(" DO NOTHING") };
        sql.push(" (");
        sql.list("", target);
        sql.push(") DO ");
        if self.action == Action::Ignore {
            return sql.push("NOTHING");
        }
        let in_target = |name: &str| target.iter().any(|column| column == name);
        let given = |name: &str| row.0.iter().any(|(column, _)| column == name);
        let taken_over = |column: &&Column| match (self.action, &self.update) {
            (_, Some(named)) => named.iter().any(|known| known.name == column.name),
            (Action::Replace, None) => {
                // The key of a row that stays stays too, unless the new row names another.
                column.generated.is_none()
                    && !in_target(&column.name)
                    && (given(&column.name) || !table.in_primary_key(&column.name))
            }
            (_, None) => given(&column.name) && !in_target(&column.name),
        };
        sql.push("UPDATE SET ");
        let mut separator = "";
        for column in table.columns.iter().filter(taken_over) {
            sql.push(separator);
            sql.name(&column.name);
            // `excluded` holds the row as it would have been inserted, defaults included.
            sql.push(" = excluded.");
            sql.name(&column.name);
            separator = ", ";
        }
        if let (true, Some(key)) = (separator.is_empty(), target.first()) {
            // Nothing to take over: the row there is the answer all the same.
            sql.name(key);
            sql.push(" = t.");
            sql.name(key);
        }
    }
}

/// The primary key or unique set of exactly these columns.
fn unique_set<'t>(table: &'t Table, named: &[String], path: &str) -> Result<&'t [String], Problem> {
    for name in named {
        table.column(name).ok_or_else(|| unknown_column(table, name, path))?;
    }
    let same = |columns: &[String]| {
        columns.len() == named.len() && columns.iter().all(|column| named.contains(column))
    };
    let indexes = table.indexes.iter().filter(|index| index.unique && index.filter.is_none());
    let indexes = indexes.map(|index| &index.columns);
    let sets = || std::iter::once(&table.primary_key).chain(&table.unique).chain(indexes.clone());
    if let Some(set) = sets().find(|set| same(set)) {
        return Ok(set);
    }
    let known: Vec<String> = sets().take(10).map(|set| format!("[{}]", set.join(", "))).collect();
    Err(Fault::query(path, "The target is neither the primary key nor a unique set of columns.")
        .hint(format!("There are {}.", known.join(", "))))
}
