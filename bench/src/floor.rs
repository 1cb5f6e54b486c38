//! The floor: SQLite bare, in this process, on one thread. What no server can be cheaper than.

use crate::Result;
use crate::saas;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Rows};
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// Opens a file as cheaply as SQLite can: our process alone, write-ahead log, each commit synced.
pub fn open(file: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(file, flags, c"unix-excl")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")?;
    Ok(connection)
}

/// A database with the rows that every contestant serves, up to task number `tasks`.
pub fn with_rows(file: &Path, tasks: u64) -> Result<Connection> {
    let connection = open(file)?;
    connection.execute_batch(saas::DDL)?;
    let transaction = connection.unchecked_transaction()?;
    for project in saas::projects_json() {
        let text = |key: &str| project[key].as_str().unwrap_or_default().to_owned();
        let values = (text("id"), text("name"), text("created_by"), project["created_at"].as_i64());
        transaction.prepare_cached("INSERT INTO projects VALUES (?, ?, ?, ?)")?.execute(values)?;
    }
    for number in 0..tasks {
        transaction
            .prepare_cached("INSERT INTO tasks VALUES (?, ?, ?, ?, ?)")?
            .execute(saas::task(number))?;
    }
    transaction.commit()?;
    Ok(connection)
}

/// One task by its key, as JSON.
pub fn read_point(connection: &Connection, number: u64, out: &mut Vec<u8>) -> Result<()> {
    let sql = "SELECT id, project_id, title, status, assigned_to FROM tasks WHERE id = ?";
    let mut statement = connection.prepare_cached(sql)?;
    stream(statement.query([saas::task_id(number)])?, out)
}

/// The first `limit` tasks by key, as JSON.
pub fn read_list(connection: &Connection, limit: u32, out: &mut Vec<u8>) -> Result<()> {
    // A bound LIMIT makes SQLite prepare the statement anew at each execution.
    let sql =
        format!("SELECT id, project_id, title, status, assigned_to FROM tasks ORDER BY id LIMIT {limit}");
    let mut statement = connection.prepare_cached(&sql)?;
    stream(statement.query([])?, out)
}

/// The first `limit` projects by key with all their tasks, as JSON: a statement per project.
pub fn read_nested(connection: &Connection, limit: u32, out: &mut Vec<u8>) -> Result<()> {
    let sql = format!("SELECT id, name FROM projects ORDER BY id LIMIT {limit}");
    let mut projects = connection.prepare_cached(&sql)?;
    let mut tasks = connection
        .prepare_cached("SELECT id, title, status FROM tasks WHERE project_id = ? ORDER BY id LIMIT 100")?;
    out.clear();
    out.extend_from_slice(b"{\"data\":[");
    let (mut rows, mut separator) = (projects.query([])?, "");
    while let Some(row) = rows.next()? {
        out.extend_from_slice(separator.as_bytes());
        separator = ",";
        write_object(row, &["id", "name"], out)?;
        out.extend_from_slice(b",\"tasks\":[");
        let (mut children, mut between) = (tasks.query([row.get_ref(0)?.as_str()?])?, "");
        while let Some(child) = children.next()? {
            out.extend_from_slice(between.as_bytes());
            between = ",";
            write_object(child, &["id", "title", "status"], out)?;
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"]}");
    Ok(())
}

/// Steps over the first `limit` tasks and looks at each value: the least a list can cost.
pub fn step_list(connection: &Connection, limit: u32) -> Result<usize> {
    let sql =
        format!("SELECT id, project_id, title, status, assigned_to FROM tasks ORDER BY id LIMIT {limit}");
    let mut statement = connection.prepare_cached(&sql)?;
    let (mut rows, mut bytes) = (statement.query([])?, 0);
    while let Some(row) = rows.next()? {
        for column in 0..saas::COLUMNS.len() {
            bytes += row.get_ref(column)?.as_str()?.len();
        }
    }
    Ok(bytes)
}

/// Inserts the tasks of these numbers in one durable transaction.
pub fn insert(connection: &Connection, numbers: Range<u64>) -> Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for number in numbers {
        transaction
            .prepare_cached("INSERT INTO tasks VALUES (?, ?, ?, ?, ?)")?
            .execute(saas::task(number))?;
    }
    Ok(transaction.commit()?)
}

/// Streams rows of texts into a JSON array without building values.
fn stream(mut rows: Rows, out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    out.extend_from_slice(b"{\"data\":[");
    let mut row_separator = "";
    while let Some(row) = rows.next()? {
        out.extend_from_slice(row_separator.as_bytes());
        row_separator = ",";
        write_object(row, &saas::COLUMNS, out)?;
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    Ok(())
}

/// A row of texts as a JSON object that is still open.
fn write_object(row: &rusqlite::Row, columns: &[&str], out: &mut Vec<u8>) -> Result<()> {
    let mut separator = '{';
    for (at, column) in columns.iter().enumerate() {
        write!(out, "{separator}\"{column}\":")?;
        separator = ',';
        match row.get_ref(at)? {
            ValueRef::Text(text) => serde_json::to_writer(&mut *out, std::str::from_utf8(text)?)?,
            _ => out.extend_from_slice(b"null"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_answers_what_a_server_would() {
        let folder = tempfile::tempdir().unwrap();
        let connection = with_rows(&folder.path().join("floor.db"), 100).unwrap();
        let mut out = Vec::new();
        read_point(&connection, 42, &mut out).unwrap();
        let point: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(point["data"], serde_json::json!([saas::task_json(42)]));
        read_list(&connection, 20, &mut out).unwrap();
        let list: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(list["data"].as_array().unwrap().len(), 20);
        assert!(step_list(&connection, 20).unwrap() > 0);
        read_nested(&connection, 20, &mut out).unwrap();
        let nested: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(nested["data"][19]["tasks"][0]["id"], saas::task_id(19));
    }
}
