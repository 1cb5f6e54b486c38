//! The few connections of one database: lent for one piece of work, and given back whatever became of it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::connection::{Connection, OpenOptions};
use super::workers::{Workers, lock};
use crate::error::DbError;

/// Connections that slow reads of one database may have. They are never lent the last one: writes and quick reads find it.
pub(crate) const SLOW_CONNECTIONS: usize = 8;
/// Connections that the writer and quick reads have beside those: as many as there are cores to be quick on, and the writer's.
const QUICK_CONNECTIONS: usize = 8;

pub(crate) struct Connections {
    path: PathBuf,
    options: OpenOptions,
    workers: Arc<Workers>,
    most_quick: usize,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<Connection>,
    open: usize,
    /// Lent to slow reads.
    slow: usize,
    /// Writers that wait for one: nobody is woken for nothing, which would be a system call per read.
    waiting: usize,
}

/// Who gives a connection back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// A read on the thread that asked, or the writer: back in no time.
    Quick,
    SlowRead,
}

impl Connections {
    /// Opens the file with one connection. Blocks.
    pub(crate) fn open(path: PathBuf, options: OpenOptions, workers: Arc<Workers>) -> Result<Self, DbError> {
        let first = Connection::open(&path, options)?;
        workers.count_connection();
        let state = Mutex::new(State { idle: vec![first], open: 1, slow: 0, waiting: 0 });
        let most_quick = 1 + workers.cores.min(QUICK_CONNECTIONS);
        Ok(Self { path, options, workers, most_quick, state, returned: Condvar::new() })
    }

    /// Works on a connection for half a millisecond at most; `None` where there is none. That is seldom: behind slow reads the work
    /// would wait long, so that rather one more connection is opened, which takes as long as such work.
    pub(crate) fn with_quick<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> Option<T> {
        let mut state = lock(&self.state);
        let connection = match state.idle.pop() {
            Some(connection) => {
                drop(state);
                connection
            }
            None if self.may_open_quick(&state) => self.open_another(state, From::Quick).ok()?,
            None => return None,
        };
        Some(self.lend(connection, From::Quick, work))
    }

    fn may_open_quick(&self, state: &State) -> bool {
        let quick = state.open - state.slow;
        quick == 0 || quick < self.most_quick && self.workers.may_open_another()
    }

    /// Works on a connection that may be kept for long. Such work has as many as run at once on the threads for it, at most
    /// [`SLOW_CONNECTIONS`]; so there is always one, and if the budget does not allow it, it is closed afterwards.
    pub(crate) fn with_slow<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> Result<T, DbError> {
        let connection = self.slow()?;
        Ok(self.lend(connection, From::SlowRead, work))
    }

    fn slow(&self) -> Result<Connection, DbError> {
        let mut state = lock(&self.state);
        state.slow += 1;
        let idle = if state.open > state.slow { state.idle.pop() } else { None };
        idle.map_or_else(|| self.open_another(state, From::SlowRead), Ok)
    }

    /// Works on a connection that no slow read has. Waits for a quick read to give it back where that is needed.
    pub(crate) fn with_writer<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> Result<T, DbError> {
        let connection = self.writer()?;
        Ok(self.lend(connection, From::Quick, work))
    }

    fn writer(&self) -> Result<Connection, DbError> {
        let mut state = lock(&self.state);
        loop {
            if let Some(connection) = state.idle.pop() {
                return Ok(connection);
            }
            if self.may_open_quick(&state) {
                return self.open_another(state, From::Quick);
            }
            state.waiting += 1;
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// What is idle, and so everything where nobody uses the database any more. The caller closes it and says so to the workers.
    pub(crate) fn take_idle(&self) -> Vec<Connection> {
        std::mem::take(&mut lock(&self.state).idle)
    }

    fn lend<T>(&self, mut connection: Connection, from: From, work: impl FnOnce(&mut Connection) -> T) -> T {
        // Half-way through a panic a connection comes back too: the others of the database must not wait for it.
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut connection)));
        self.give_back(connection, from);
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn open_another(&self, mut state: MutexGuard<'_, State>, from: From) -> Result<Connection, DbError> {
        state.open += 1;
        drop(state);
        let opened = Connection::open(&self.path, self.options);
        match &opened {
            Ok(_) => self.workers.count_connection(),
            Err(_) => {
                lock(&self.state).forget_one(from);
                self.returned.notify_one();
            }
        }
        opened
    }

    fn give_back(&self, connection: Connection, from: From) {
        if from == From::SlowRead {
            connection.stop_without(None);
        }
        let clean = connection.is_clean();
        if !clean {
            // A transaction that could not be ended must not leak into the next request.
            tracing::error!("closed a connection that kept its transaction");
        }
        let keep = clean && !(from == From::SlowRead && self.workers.is_over_budget());
        let mut state = lock(&self.state);
        let closed = if keep {
            state.slow -= usize::from(from == From::SlowRead);
            state.idle.push(connection);
            None
        } else {
            state.forget_one(from);
            Some(connection)
        };
        if state.waiting > 0 {
            self.returned.notify_one();
        }
        drop(state);
        if let Some(connection) = closed {
            drop(connection);
            self.workers.uncount_connections(1);
        }
    }
}

impl State {
    fn forget_one(&mut self, from: From) {
        self.open -= 1;
        self.slow -= usize::from(from == From::SlowRead);
    }
}
