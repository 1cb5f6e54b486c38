//! One SQLite connection: how it is opened, what it refuses, and when it gives up. Pragmas are set here and read back.

use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{OpenFlags, TransactionState};

use super::authorize::{Use, authorize};
use super::classify::classify;
use super::workers::lock;
use crate::error::{DbError, ErrorKind};

/// How a database file is opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// No other process opens it: half the cost of a read.
    pub exclusive: bool,
    /// Make the file if there is none.
    pub create: bool,
    /// Every statement is ours, none is compiled from a request.
    pub ours: bool,
}

impl OpenOptions {
    /// A tenant's database.
    pub(crate) const TENANT: Self = Self { exclusive: true, create: false, ours: false };
    /// A database of the product itself, shared by the processes of one host.
    pub(crate) const INFRASTRUCTURE: Self = Self { exclusive: false, create: true, ours: true };
}

/// SQLite asks every this many steps whether to stop: about 20 µs, some rows, where no step is a long one.
const STEPS_BETWEEN_CHECKS: i32 = 100;
/// Prepared statements kept per connection.
const STATEMENTS: usize = 64;
/// Frames (of 4 KiB) in the log that make a checkpoint worth its syncs.
const CHECKPOINT_FRAMES: u32 = 1_000;
/// Frames at which the log is emptied even if readers have to be waited for: while one overlaps the next it could never start anew.
const EMPTY_FRAMES: u32 = 4 * CHECKPOINT_FRAMES;
/// Frames that are not left behind when a database is closed.
const CLOSE_FRAMES: u32 = 64;

const PRAGMAS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 4194304;
    PRAGMA cache_size = -512;
";

pub(crate) struct Connection {
    sqlite: rusqlite::Connection,
    gate: Arc<Gate>,
    /// Frames at which emptying the log is tried next; further away after each try that a long reader outlasts.
    empty_at: u32,
}

/// What the hooks of a connection look at.
struct Gate {
    began: Instant,
    connection_use: AtomicU8,
    /// Nanoseconds after `began`.
    stop_at: AtomicU64,
    /// Whoever waits for the rows holds the other end.
    asker: Mutex<Option<Weak<()>>>,
    wal_frames: AtomicU32,
}

impl Connection {
    pub(crate) fn open(path: &Path, options: OpenOptions) -> Result<Self, DbError> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if options.create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        } else if !path.exists() {
            return Err(DbError::new(ErrorKind::Missing, "there is no such database"));
        }
        let vfs = if options.exclusive { c"unix-excl" } else { c"unix" };
        let sqlite = rusqlite::Connection::open_with_flags_and_vfs(path, flags, vfs)
            .map_err(|error| classify(&error))?;
        let gate = Arc::new(Gate {
            began: Instant::now(),
            connection_use: AtomicU8::new(Use::Ours as u8),
            stop_at: AtomicU64::new(u64::MAX),
            asker: Mutex::default(),
            wal_frames: AtomicU32::new(0),
        });
        let mut connection = Self { sqlite, gate, empty_at: EMPTY_FRAMES };
        connection.configure(options).map_err(|error| classify(&error))?;
        connection.read_back()?;
        Ok(connection)
    }

    fn configure(&mut self, options: OpenOptions) -> rusqlite::Result<()> {
        let sqlite = &mut self.sqlite;
        sqlite.busy_timeout(Duration::from_secs(5))?;
        // Without this, a bound value makes SQLite prepare the statement again at each execution.
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        sqlite.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 1024 * 1024)?;
        sqlite.set_limit(Limit::SQLITE_LIMIT_LENGTH, 256 * 1024 * 1024)?;
        sqlite.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        sqlite.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 4096)?;
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS);
        sqlite.execute_batch(PRAGMAS)?;

        let gate = Arc::clone(&self.gate);
        sqlite.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || gate.is_over()))?;
        let gate = Arc::clone(&self.gate);
        sqlite.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, frames: i32| {
            gate.wal_frames.store(frames.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;
        if !options.ours {
            self.set_use(Use::Data);
            let gate = Arc::clone(&self.gate);
            self.sqlite.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
                authorize(gate.connection_use(), &context)
            }))?;
        }
        Ok(())
    }

    /// A pragma that did not take would be a lost write one day: look.
    fn read_back(&self) -> Result<(), DbError> {
        // Asked through the functions that the authorizer lets pass, before it is in force for requests.
        let previous = self.gate.connection_use();
        self.set_use(Use::Ours);
        let pragma = |name: &str| -> Result<String, DbError> {
            self.sqlite
                .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
                .map(|value| match value {
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    other => format!("{other:?}"),
                })
                .map_err(|error| classify(&error))
        };
        for (name, wanted) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
            let found = pragma(name)?;
            if found != wanted {
                let message = format!("PRAGMA {name} is {found}, not {wanted}");
                return Err(DbError::new(ErrorKind::Unavailable, message));
            }
        }
        self.set_use(previous);
        Ok(())
    }

    pub(crate) fn sqlite(&self) -> &rusqlite::Connection {
        &self.sqlite
    }

    /// Statements are allowed or refused for this use from now on.
    pub(crate) fn set_use(&self, connection_use: Use) {
        self.gate.connection_use.store(connection_use as u8, Ordering::Relaxed);
    }

    /// Whatever runs after `deadline` is interrupted.
    pub(crate) fn stop_at(&self, deadline: Option<Instant>) {
        let nanoseconds = deadline.map_or(u64::MAX, |deadline| {
            let after = deadline.saturating_duration_since(self.gate.began).as_nanos();
            u64::try_from(after).unwrap_or(u64::MAX)
        });
        self.gate.stop_at.store(nanoseconds, Ordering::Relaxed);
    }

    /// Whatever runs once nobody waits for it is interrupted.
    pub(crate) fn stop_without(&self, asker: Option<Weak<()>>) {
        *lock(&self.gate.asker) = asker;
    }

    /// Whether a transaction is open; an error may have ended it.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.sqlite.is_autocommit()
    }

    /// Ends a transaction without keeping anything, if one is open.
    pub(crate) fn roll_back(&self) {
        if self.in_transaction()
            && let Err(error) = self.sqlite.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "ROLLBACK failed");
        }
    }

    /// Whether a connection may serve again: no transaction, no lock, no running statement.
    pub(crate) fn is_clean(&self) -> bool {
        !self.in_transaction()
            && matches!(self.sqlite.transaction_state(None::<&str>), Ok(TransactionState::None))
    }

    /// Moves the log into the database once it has grown. Blocks nobody: readers that still need the log keep it.
    pub(crate) fn checkpoint_if_grown(&mut self) {
        self.checkpoint(CHECKPOINT_FRAMES);
    }

    /// Moves the whole log into the file and empties it. Fails while anybody else has the database open.
    pub(crate) fn fold_log(self) -> Result<(), DbError> {
        self.set_use(Use::Ours);
        let busy: i64 = self
            .sqlite
            .pragma_query_value(None, "wal_checkpoint", |row| row.get(0))
            .and_then(|_: i64| self.sqlite.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)))
            .map_err(|error| classify(&error))?;
        if busy != 0 {
            return Err(DbError::new(ErrorKind::Busy, "the database is still in use"));
        }
        self.sqlite.close().map_err(|(_, error)| classify(&error))
    }

    /// Closes the connection, leaving at most a small log behind.
    pub(crate) fn close(mut self) {
        self.checkpoint(CLOSE_FRAMES);
        if let Err((_, error)) = self.sqlite.close() {
            tracing::error!(%error, "closing a database failed");
        }
    }

    fn checkpoint(&mut self, frames: u32) {
        let grown = self.gate.wal_frames.load(Ordering::Relaxed);
        if grown < frames {
            return;
        }
        let empty = grown >= self.empty_at;
        self.stop_at(None);
        let previous = self.gate.connection_use();
        self.set_use(Use::Ours);
        // Emptying holds the write lock and waits for readers of the log as long as for any lock; those that begin meanwhile read
        // the file alone.
        let sql = if empty { "PRAGMA wal_checkpoint(TRUNCATE)" } else { "PRAGMA wal_checkpoint" };
        let checkpointed = self.sqlite.query_row(sql, [], |row| row.get::<_, i64>(0));
        self.empty_at = match checkpointed {
            Ok(0) => EMPTY_FRAMES,
            _ if empty => grown + EMPTY_FRAMES,
            _ => self.empty_at,
        };
        match checkpointed {
            Ok(0) => self.gate.wal_frames.store(0, Ordering::Relaxed),
            // A reader holds the log, or another connection copies it: the next commit asks again.
            Ok(_) => {}
            // Nothing is lost, the log holds it all; a full disk is told to whoever writes.
            Err(error) => tracing::info!(%error, "checkpoint put off"),
        }
        self.set_use(previous);
    }
}

impl Gate {
    fn is_over(&self) -> bool {
        let stop_at = self.stop_at.load(Ordering::Relaxed);
        let now = || u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        stop_at != u64::MAX && now() >= stop_at
            || lock(&self.asker).as_ref().is_some_and(|asker| asker.strong_count() == 0)
    }

    fn connection_use(&self) -> Use {
        match self.connection_use.load(Ordering::Relaxed) {
            0 => Use::Data,
            1 => Use::Schema,
            _ => Use::Ours,
        }
    }
}
