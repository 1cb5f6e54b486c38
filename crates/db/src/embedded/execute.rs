//! Runs the statements of a batch on a connection and collects what was asked. Transactions are the caller's.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::authorize::Use;
use super::classify::classify;
use super::connection::Connection;
use crate::batch::{Batch, Collect, Mode, Outcome, Rows, Statement, StatementOutcome};
use crate::error::{DbError, ErrorKind};
use crate::json::{JsonRows, read_value};
use crate::value::Value;

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

/// A read batch in a transaction of its own: every statement sees the same rows at the same schema version.
pub(crate) fn run_read(connection: &Connection, batch: &Batch) -> Result<Outcome, DbError> {
    // One statement is a transaction by itself.
    if batch.expect_version.is_none() && batch.statements.len() == 1 {
        return run_statements(connection, batch);
    }
    control(connection, "BEGIN")?;
    let outcome = run_statements(connection, batch);
    match outcome {
        Ok(outcome) => {
            control(connection, "COMMIT")?;
            Ok(outcome)
        }
        Err(error) => {
            connection.roll_back();
            Err(error)
        }
    }
}

/// The version check, the statements and the new version, inside whatever transaction is open.
pub(crate) fn run_statements(connection: &Connection, batch: &Batch) -> Result<Outcome, DbError> {
    if let Some(expected) = batch.expect_version {
        let found = schema_version(connection)?;
        if found != expected {
            let message = format!("compiled for version {expected}, the database is at {found}");
            return Err(DbError::new(ErrorKind::StaleVersion { found }, message));
        }
    }
    let mut outcome = Outcome { statements: Vec::with_capacity(batch.statements.len()) };
    let mut bytes_left = batch.max_bytes;
    for (index, statement) in batch.statements.iter().enumerate() {
        let done = run_statement(connection, batch.mode, statement, &mut bytes_left);
        outcome.statements.push(done.map_err(|error| error.at(index))?);
    }
    if let Some(version) = batch.set_version {
        connection.sqlite().pragma_update(None, "user_version", version).map_err(|error| classify(&error))?;
    }
    Ok(outcome)
}

/// The schema version a database says it is at.
fn schema_version(connection: &Connection) -> Result<u32, DbError> {
    connection
        .sqlite()
        .prepare_cached("PRAGMA user_version")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(|error| classify(&error))
}

/// BEGIN, COMMIT, SAVEPOINT …: prepared once per connection.
pub(crate) fn control(connection: &Connection, sql: &'static str) -> Result<(), DbError> {
    connection
        .sqlite()
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]).map(drop))
        .map_err(|error| classify(&error))
}

/// What the authorizer lets a batch of this mode do.
pub(crate) fn use_of(mode: Mode) -> Use {
    match mode {
        Mode::Read | Mode::Write => Use::Data,
        Mode::Schema => Use::Schema,
    }
}

fn run_statement(
    connection: &Connection,
    mode: Mode,
    statement: &Statement,
    bytes_left: &mut usize,
) -> Result<StatementOutcome, DbError> {
    let sqlite = connection.sqlite();
    // A step of a schema change runs once; keeping it prepared would only cost memory.
    let (mut once, mut kept);
    let prepared: &mut rusqlite::Statement<'_> = if mode == Mode::Schema {
        once = sqlite.prepare(&statement.sql).map_err(|error| classify(&error))?;
        &mut once
    } else {
        kept = sqlite.prepare_cached(&statement.sql).map_err(|error| classify(&error))?;
        &mut kept
    };
    let reads_only = prepared.readonly();
    if mode == Mode::Read && !reads_only {
        return Err(DbError::new(ErrorKind::ReadOnly, "a read batch holds a statement that writes"));
    }
    for (index, value) in statement.params.iter().enumerate() {
        prepared.raw_bind_parameter(index + 1, value).map_err(|error| classify(&error))?;
    }
    let rows = collect_rows(prepared.raw_query(), &statement.collect, bytes_left)?;
    Ok(StatementOutcome {
        rows,
        rows_affected: if reads_only { 0 } else { sqlite.changes() },
        last_insert_id: if reads_only { 0 } else { sqlite.last_insert_rowid() },
    })
}

fn collect_rows(
    mut source: rusqlite::Rows<'_>,
    collect: &Collect,
    bytes_left: &mut usize,
) -> Result<Rows, DbError> {
    let mut rows = match collect {
        Collect::Nothing => Rows::Nothing,
        Collect::Values => Rows::Values(Vec::new()),
        Collect::Json(shape) => Rows::Json(JsonRows::new(shape)),
    };
    loop {
        let row = match source.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => return Err(classify(&error)),
        };
        match (&mut rows, collect) {
            (Rows::Values(values), _) => values.push(read_row(row).map_err(|error| classify(&error))?),
            (Rows::Json(json), Collect::Json(shape)) => {
                json.push(shape, row).map_err(|error| classify(&error))?;
                if json.size_bytes() > *bytes_left {
                    return Err(DbError::new(ErrorKind::TooBig, "the answer is larger than allowed"));
                }
            }
            _ => {}
        }
    }
    if let Rows::Json(json) = &rows {
        *bytes_left -= json.size_bytes();
    }
    Ok(rows)
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Vec<Value>> {
    let columns = row.as_ref().column_count();
    (0..columns).map(|index| row.get_ref(index).map(read_value)).collect()
}
