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
pub(crate) fn run_read(connection: &Connection, batch: &Batch, max_bytes: usize) -> Result<Outcome, DbError> {
    if batch.expect_version.is_some() {
        let mut version = prepare_version(connection)?;
        // Until these rows are dropped their statement is running, and what runs meanwhile shares its read transaction:
        // that spares a BEGIN and a COMMIT per read.
        let mut rows = version.query([]).map_err(|error| classify(&error))?;
        expect_version(batch, read_version(&mut rows)?)?;
        return run_statements(connection, batch, max_bytes);
    }
    // One statement is a transaction by itself.
    if batch.statements.len() == 1 {
        return run_statements(connection, batch, max_bytes);
    }
    control(connection, "BEGIN")?;
    let outcome = run_statements(connection, batch, max_bytes);
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

/// The statements and the new version, inside whatever transaction is open.
pub(crate) fn run_statements(
    connection: &Connection,
    batch: &Batch,
    max_bytes: usize,
) -> Result<Outcome, DbError> {
    let mut outcome = Outcome { statements: Vec::with_capacity(batch.statements.len()) };
    let mut bytes_left = max_bytes;
    for (index, statement) in batch.statements.iter().enumerate() {
        let done = run_statement(connection, batch.mode, statement, &outcome, &mut bytes_left);
        outcome.statements.push(done.map_err(|error| error.at(index))?);
    }
    if let Some(version) = batch.set_version {
        connection.sqlite().pragma_update(None, "user_version", version).map_err(|error| classify(&error))?;
    }
    Ok(outcome)
}

/// Fails a batch that was compiled for another version than the one that was found in its transaction.
pub(crate) fn expect_version(batch: &Batch, found: u32) -> Result<(), DbError> {
    match batch.expect_version {
        Some(expected) if expected != found => {
            let message = format!("compiled for version {expected}, the database is at {found}");
            Err(DbError::new(ErrorKind::StaleVersion { found }, message))
        }
        _ => Ok(()),
    }
}

/// The schema version a database says it is at.
pub(crate) fn schema_version(connection: &Connection) -> Result<u32, DbError> {
    let mut version = prepare_version(connection)?;
    read_version(&mut version.query([]).map_err(|error| classify(&error))?)
}

fn prepare_version(connection: &Connection) -> Result<rusqlite::CachedStatement<'_>, DbError> {
    connection.sqlite().prepare_cached("PRAGMA user_version").map_err(|error| classify(&error))
}

fn read_version(rows: &mut rusqlite::Rows<'_>) -> Result<u32, DbError> {
    rows.next()
        .and_then(|row| row.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(0))
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
    before: &Outcome,
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
    for given in &statement.given {
        let value = before.given(given).ok_or_else(no_such_row)?;
        prepared.raw_bind_parameter(given.param + 1, value).map_err(|error| classify(&error))?;
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
                if !json.push(shape, row).map_err(|error| classify(&error))? {
                    break;
                }
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

fn no_such_row() -> DbError {
    DbError::new(ErrorKind::NoSuchRow, "a row whose value is used is not there")
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Vec<Value>> {
    let columns = row.as_ref().column_count();
    (0..columns).map(|index| row.get_ref(index).map(read_value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::connection::OpenOptions;

    #[test]
    fn a_version_that_is_being_read_holds_the_state_it_was_read_from() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Connection::open(&folder.path().join("a.db"), OpenOptions::INFRASTRUCTURE).unwrap();
        let (reader, writer) = (open(), open());
        writer.sqlite().execute_batch("CREATE TABLE t(a); INSERT INTO t VALUES (1)").unwrap();
        let count = || {
            let mut statement = reader.sqlite().prepare_cached("SELECT count(*) FROM t").unwrap();
            statement.query_row([], |row| row.get::<_, i64>(0)).unwrap()
        };
        let mut version = prepare_version(&reader).unwrap();
        let mut rows = version.query([]).unwrap();
        assert_eq!(read_version(&mut rows).unwrap(), 0);
        for _ in 0..2 {
            writer.sqlite().execute_batch("INSERT INTO t VALUES (2); PRAGMA user_version = 7").unwrap();
            assert_eq!(
                count(),
                1,
                "the next statement sees what the version was read from, and so does the one after"
            );
        }
        drop(rows);
        assert_eq!(count(), 3);
        assert!(reader.is_clean());
    }
}
