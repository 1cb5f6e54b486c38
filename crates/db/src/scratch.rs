//! Databases that live in memory for a moment: they prove a template's SQL before it is stored, and become the images
//! that new tenant databases are made of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::embedded::{Use, authorize, classify};
use crate::engine::Image;
use crate::error::{DbError, ErrorKind};

/// A SQL expression that a template carries.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Where it stands in the template, for the message.
    pub path: String,
    /// The table whose columns it may read; `None` for a default, which may read none.
    pub table: Option<String>,
    /// The expression.
    pub sql: String,
}

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// Where it stands in the template.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// Functions that an expression of a template cannot use: they reach outside the row or differ from one run to the next
/// without being of use in a schema.
const REFUSED: [&str; 14] = [
    "match",
    "last_insert_rowid",
    "changes",
    "total_changes",
    "load_extension",
    "fts3_tokenizer",
    "readfile",
    "writefile",
    "edit",
    "sqlite_compileoption_used",
    "sqlite_compileoption_get",
    "sqlite_source_id",
    "sqlite_log",
    "sqlite_offset",
];

/// Creates the tables on a scratch database and prepares each expression there under an authorizer that lets it
/// read its own row and call functions, and nothing else. `Ok(Err)` are expressions that were refused.
pub fn prove_expressions(
    create: &[String],
    expressions: &[Expression],
) -> Result<Result<(), Vec<ExpressionError>>, DbError> {
    let mut scratch = open_scratch()?;
    for statement in create {
        scratch.execute_batch(statement).map_err(|error| classify(&error))?;
    }
    let selects = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&selects);
    scratch
        .authorizer(Some(move |context: AuthContext<'_>| permit(&context, &seen)))
        .map_err(|error| classify(&error))?;
    let mut errors = Vec::new();
    for expression in expressions {
        let source = expression.table.as_ref().map(|table| format!(" FROM {}", quote(table)));
        let source = source.unwrap_or_default();
        // As a column it shows its subselects; in WHERE an aggregate is refused, as it is where the expression is to stand.
        let probes = [
            format!("SELECT ({}){source}", expression.sql),
            format!("SELECT 1{source} WHERE ({})", expression.sql),
        ];
        let refusal = probes.iter().find_map(|probe| {
            selects.store(0, Ordering::Relaxed);
            let error = classify(&scratch.prepare(probe).err()?);
            Some(match error.kind {
                ErrorKind::Denied => {
                    "may only use the row's own columns and plain functions: no subselect, PRAGMA or outside access"
                        .to_owned()
                }
                _ => plain_message(&error.message, probe),
            })
        });
        if let Some(message) = refusal {
            errors.push(ExpressionError { path: expression.path.clone(), message });
        }
    }
    Ok(if errors.is_empty() { Ok(()) } else { Err(errors) })
}

/// Runs the statements on an empty database and takes it as an image, at schema `version`, in WAL mode.
pub fn build_image(statements: &[String], version: u32) -> Result<Image, DbError> {
    let mut scratch = open_scratch()?;
    for statement in statements {
        scratch.execute_batch(statement).map_err(|error| classify(&error))?;
    }
    scratch.pragma_update(None, "user_version", version).map_err(|error| classify(&error))?;
    let mut bytes = scratch.serialize("main").map_err(|error| classify(&error))?.to_vec();
    // Bytes 18 and 19 of the header are the file format's write and read versions; 2 is WAL (sqlite.org/fileformat2.html).
    for byte in bytes.iter_mut().skip(18).take(2) {
        *byte = 2;
    }
    Ok(Image(bytes.into()))
}

/// Runs `statements` one after the other on a database made by `create`, as proof that they run: with the rights that a change of
/// a tenant's schema has.
pub fn prove_statements(create: &[String], statements: &[String]) -> Result<(), DbError> {
    let mut scratch = open_scratch()?;
    scratch
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .and_then(|_| scratch.authorizer(Some(|context: AuthContext<'_>| authorize(Use::Schema, &context))))
        .map_err(|error| classify(&error))?;
    for statement in create.iter().chain(statements) {
        scratch.execute_batch(statement).map_err(|error| classify(&error))?;
    }
    Ok(())
}

fn open_scratch() -> Result<Connection, DbError> {
    let scratch = Connection::open_in_memory().map_err(|error| classify(&error))?;
    scratch
        .execute_batch("PRAGMA page_size = 4096; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;")
        .map_err(|error| classify(&error))?;
    Ok(scratch)
}

fn permit(context: &AuthContext<'_>, selects: &AtomicU32) -> Authorization {
    let allowed = match context.action {
        // The probe itself is one SELECT; a second one is a subselect.
        AuthAction::Select => selects.fetch_add(1, Ordering::Relaxed) == 0,
        AuthAction::Read { table_name, .. } => !table_name.to_ascii_lowercase().starts_with("sqlite_"),
        AuthAction::Function { function_name } => {
            !REFUSED.iter().any(|refused| refused.eq_ignore_ascii_case(function_name))
        }
        _ => false,
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}

/// SQLite's message without our probe around it.
fn plain_message(message: &str, probe: &str) -> String {
    message.split(" in SELECT ").next().unwrap_or(message).replace(probe, "").trim().to_owned()
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prove(table: Option<&str>, sql: &str) -> Result<(), String> {
        let create = ["CREATE TABLE t(a INTEGER, b TEXT) STRICT".to_owned(), "CREATE TABLE u(c) ".to_owned()];
        let expression = Expression { path: "x".into(), table: table.map(Into::into), sql: sql.into() };
        prove_expressions(&create, &[expression]).unwrap().map_err(|errors| errors[0].message.clone())
    }

    #[test]
    fn plain_expressions_pass() {
        for (table, sql) in [
            (None, "unixepoch()"),
            (None, "'a' || 'b'"),
            (Some("t"), "a > 0 AND b IN ('x', 'y')"),
            (Some("t"), "length(b) < 9"),
            (Some("t"), "CASE WHEN a THEN 1 ELSE 2 END"),
        ] {
            assert_eq!(prove(table, sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn what_reaches_further_is_refused() {
        for (table, sql) in [
            (None, "(SELECT 1)"),
            (None, "a"),
            (Some("t"), "c"),
            (Some("t"), "a IN (SELECT c FROM u)"),
            (Some("t"), "EXISTS (SELECT 1 FROM u)"),
            (None, "load_extension('x')"),
            (Some("t"), "1) FROM t; DROP TABLE t; --"),
            (Some("t"), "1; ATTACH 'x' AS y"),
            (None, "no_such_function()"),
            (None, "count(*)"),
            (None, "sum(1)"),
            (Some("t"), "max(a) OVER () > 1"),
            (None, "last_insert_rowid()"),
            (None, "match('a', 'b')"),
            (Some("t"), "(SELECT name FROM pragma_table_info('t'))"),
        ] {
            assert!(prove(table, sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn steps_are_proved_with_the_rights_that_they_will_have() {
        let create = ["CREATE TABLE t(a INTEGER, b TEXT) STRICT".to_owned()];
        let prove = |sql: &str| prove_statements(&create, &[sql.to_owned()]).map_err(|error| error.kind);
        assert_eq!(prove("CREATE VIRTUAL TABLE f USING fts5(b, content='t')"), Ok(()));
        assert_eq!(prove("PRAGMA defer_foreign_keys = ON"), Ok(()));
        for sql in [
            "CREATE VIRTUAL TABLE f USING rtree(a, b, c)",
            "PRAGMA journal_mode = OFF",
            "CREATE VIEW v AS SELECT 1",
        ] {
            assert_eq!(prove(sql), Err(ErrorKind::Denied), "{sql}");
        }
    }

    #[test]
    fn an_image_is_a_database_in_wal_mode_at_its_version() {
        let image = build_image(&["CREATE TABLE t(a) ".to_owned()], 7).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, &image.0).unwrap();
        let file = Connection::open(&path).unwrap();
        let mode: String = file.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let version: u32 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), version), ("wal", 7));
    }
}
