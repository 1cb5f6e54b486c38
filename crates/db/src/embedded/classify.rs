//! SQLite's errors in the product's classes. The only place that reads result codes and messages.

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{DbError, ErrorKind};
use crate::raise::RAISED;

pub(crate) fn classify(error: &rusqlite::Error) -> DbError {
    let message = error.to_string();
    let kind = match error {
        rusqlite::Error::SqliteFailure(failure, text) => {
            of_code(*failure, text.as_deref().unwrap_or_default())
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => of_code(*error, msg),
        _ => ErrorKind::Sql,
    };
    DbError::new(kind, message)
}

fn of_code(failure: ffi::Error, text: &str) -> ErrorKind {
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            return ErrorKind::Unique(subject(text));
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return ErrorKind::ForeignKey,
        ffi::SQLITE_CONSTRAINT_NOTNULL => return ErrorKind::NotNull(subject(text)),
        ffi::SQLITE_CONSTRAINT_CHECK => return ErrorKind::Check(subject(text)),
        ffi::SQLITE_CONSTRAINT_DATATYPE => return ErrorKind::Type(text.to_owned()),
        _ => {}
    }
    match failure.code {
        // RESTRICT and the implicit delete of DROP TABLE answer without an extended code.
        ErrorCode::ConstraintViolation if text.contains("FOREIGN KEY") => ErrorKind::ForeignKey,
        ErrorCode::TypeMismatch => ErrorKind::Type(text.to_owned()),
        ErrorCode::OperationInterrupted => ErrorKind::Timeout,
        ErrorCode::TooBig => ErrorKind::TooBig,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            ErrorKind::Busy
        }
        ErrorCode::ReadOnly => ErrorKind::ReadOnly,
        ErrorCode::DiskFull => ErrorKind::Full,
        ErrorCode::SystemIoFailure if no_room() => ErrorKind::Full,
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory => ErrorKind::Unavailable,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => ErrorKind::Corrupt,
        ErrorCode::AuthorizationForStatementDenied => ErrorKind::Denied,
        _ if raised(text).is_some() => match raised(text).unwrap_or_default() {
            guard if guard.starts_with(UNIQUE) => ErrorKind::Unique(guard[UNIQUE.len()..].to_owned()),
            guard => ErrorKind::Raised(guard.to_owned()),
        },
        _ if SEARCH_ERRORS.iter().any(|words| text.contains(words)) => ErrorKind::Search(text.to_owned()),
        _ if text.contains("pattern too complex") => ErrorKind::PatternTooComplex,
        _ if FUNCTION_ERRORS.iter().any(|words| text.contains(words)) => {
            ErrorKind::Expression(text.to_owned())
        }
        _ => ErrorKind::Sql,
    }
}

/// Whether the system call that failed last on this thread found a limit of file sizes or a quota: SQLite tells a full disk alone
/// from other failures.
fn no_room() -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded};
    matches!(std::io::Error::last_os_error().kind(), FileTooLarge | QuotaExceeded)
}

/// What functions of a schema's expressions answer where an argument has no result: `abs` of the least integer, JSON functions.
const FUNCTION_ERRORS: [&str; 4] =
    ["integer overflow", "malformed JSON", "JSON path", "JSON cannot hold BLOB"];

/// What FTS5 answers to an expression that it cannot read or run.
const SEARCH_ERRORS: [&str; 6] =
    ["fts5: ", "fts5 ", "unterminated string", "unknown special query", "no such column: ", "phrase queries"];

/// A guard that stands for a unique key, as SQLite would name it.
const UNIQUE: &str = "unique:";

/// What a guard says: the end of the message about the path that is none.
fn raised(text: &str) -> Option<&str> {
    let (_, guard) = text.split_once(RAISED)?;
    guard.split('\'').next()
}

/// What a constraint message names: `UNIQUE constraint failed: tasks.email` → `tasks.email`.
fn subject(text: &str) -> String {
    text.split_once(": ").map_or(text, |(_, subject)| subject).to_owned()
}
