//! What a database can answer instead of rows, classified once, where the driver is known.

/// An error of a batch.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DbError {
    /// The class, for code.
    pub kind: ErrorKind,
    /// Index of the statement that failed; `None` when it was the transaction.
    pub statement: Option<usize>,
    /// The driver's words, for the log. May name columns; never holds values.
    pub message: String,
}

/// The classes of errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A unique index or primary key: the columns, as `table.column, table.column`.
    Unique(String),
    /// A foreign key.
    ForeignKey,
    /// NULL where none may be: the column, as `table.column`.
    NotNull(String),
    /// A check: its name or text.
    Check(String),
    /// A value that does not fit a STRICT column.
    Type(String),
    /// An expression of the schema (a default, check, generated column or index) that has no value for the row: why.
    Expression(String),
    /// A guard of the statement ([`crate::raise`]) that says what it guards.
    Raised(String),
    /// A row whose value a later statement takes is not there.
    NoSuchRow,
    /// A full-text search that FTS5 cannot read: why.
    Search(String),
    /// The database is at another schema version than the batch was compiled for.
    StaleVersion {
        /// The version the database is at.
        found: u32,
    },
    /// The deadline passed while the batch ran.
    Timeout,
    /// The deadline passed while the batch waited for its turn; nothing of it has run.
    WaitedTooLong,
    /// Too much waits already; nothing of the batch has run.
    Overloaded,
    /// The answer or a value is larger than allowed.
    TooBig,
    /// A pattern of LIKE or GLOB is too long.
    PatternTooComplex,
    /// Another process or connection holds the lock.
    Busy,
    /// The database or a statement is read-only.
    ReadOnly,
    /// No space is left.
    Full,
    /// There is no such database.
    Missing,
    /// The disk or the connection failed.
    Unavailable,
    /// The file is damaged.
    Corrupt,
    /// The statement is refused by the authorizer.
    Denied,
    /// Anything else: our SQL is wrong.
    Sql,
}

impl DbError {
    /// An error of the transaction as a whole.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, statement: None, message: message.into() }
    }

    /// The same error, of the statement at `index`.
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.statement = Some(index);
        self
    }
}

impl From<DbError> for atomicbase_core::Problem {
    /// What a client is told where the statement was ours; `data` says more where it was the client's.
    fn from(error: DbError) -> Self {
        use atomicbase_core::{Code, Problem};
        match error.kind {
            ErrorKind::Timeout => {
                Problem::new(Code::QueryTimeout, "The deadline passed; nothing was changed.")
                    .hint("Ask for less at once, or raise `limits.request_timeout_ms`.")
                    .because(error)
            }
            ErrorKind::WaitedTooLong => Problem::new(
                Code::QueryTimeout,
                "The request waited for its turn until its deadline; nothing was changed.",
            )
            .hint(
                "Send fewer requests to this database at the same time, and narrow `where`, lower `limit` or add an index \
                 for the slow ones among them.",
            )
            .because(error),
            ErrorKind::Overloaded => {
                Problem::new(Code::RateLimited, "Too many requests wait already; this one was not begun.")
                    .hint("Send fewer requests at the same time; send this one again after the seconds that `Retry-After` says.")
                    .retry_after(1)
                    .because(error)
            }
            ErrorKind::Full => {
                Problem::new(Code::StorageFull, "The server's disk is full; nothing was changed.")
                    .hint("Free disk space on the server, then try again.")
                    .because(error)
            }
            ErrorKind::Busy | ErrorKind::Unavailable => {
                Problem::new(Code::Unavailable, "The database cannot answer now.")
                    .hint("Try again in a moment.")
                    .retry_after(1)
                    .because(error)
            }
            _ => Problem::internal(error),
        }
    }
}
