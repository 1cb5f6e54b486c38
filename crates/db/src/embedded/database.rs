//! One open database file: its few connections, reads inline within a budget, and the queue of its writes.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::connection::{Connection, OpenOptions};
use super::execute::{run_read, use_of};
use super::group_commit::{self, Queue};
use super::workers::{Workers, lock};
use crate::batch::{Batch, Mode, Outcome};
use crate::engine::{Database, Future};
use crate::error::{DbError, ErrorKind};

/// How long a read may hold the thread that asked; a slower one runs again on a thread that may block.
/// Long enough for a thousand rows, short enough that nobody behind it notices.
const INLINE: Duration = Duration::from_micros(500);
/// How much such a read may render: a row of a megabyte takes a millisecond between two looks at the clock.
const INLINE_BYTES: usize = 256 * 1024;
/// What a read that runs is given to notice its deadline, before whoever waits is answered without it.
const OVERTIME: Duration = Duration::from_millis(250);
/// Connections that reads of one database may have; its writer has one more, so that slow reads never hold writes up.
const READ_CONNECTIONS: usize = 8;
const WRITE_CONNECTIONS: usize = READ_CONNECTIONS + 1;

pub(crate) struct EmbeddedDatabase {
    path: PathBuf,
    options: OpenOptions,
    workers: Arc<Workers>,
    connections: Mutex<Connections>,
    returned: Condvar,
    writes: Mutex<Queue>,
    /// Jobs on other threads hold the database by this.
    this: Weak<EmbeddedDatabase>,
}

struct Connections {
    idle: Vec<Connection>,
    open: usize,
    /// Threads that wait for one: nobody is woken for nothing, which would be a system call per read.
    waiting: usize,
}

impl EmbeddedDatabase {
    /// Opens the file with one connection. Blocks.
    pub(crate) fn open(
        path: PathBuf,
        options: OpenOptions,
        workers: Arc<Workers>,
    ) -> Result<Arc<Self>, DbError> {
        let first = Connection::open(&path, options)?;
        workers.count_connection();
        Ok(Arc::new_cyclic(|this| Self {
            path,
            options,
            workers,
            connections: Mutex::new(Connections { idle: vec![first], open: 1, waiting: 0 }),
            returned: Condvar::new(),
            writes: Mutex::new(Queue::default()),
            this: this.clone(),
        }))
    }

    async fn read(&self, batch: Batch) -> Result<Outcome, DbError> {
        if !batch.slow
            && let Some(connection) = self.idle_connection()
        {
            let budget = Instant::now() + INLINE;
            let inline = batch.deadline.map_or(budget, |deadline| deadline.min(budget));
            let outcome = self.read_on(connection, &batch, Some(inline), batch.max_bytes.min(INLINE_BYTES));
            match outcome {
                // Over the budget of time or bytes: from the start again, where it may take both.
                Err(DbError { kind: ErrorKind::Timeout | ErrorKind::TooBig, .. }) => {}
                done => return done,
            }
        }
        let (reply, answer) = oneshot::channel();
        let Some(database) = self.this.upgrade() else { return Err(gone()) };
        let batch_deadline = batch.deadline;
        self.workers.reads.submit(move || {
            // Nobody waits any more: the client went away while this was queued.
            if reply.is_closed() {
                return;
            }
            let outcome = database
                .connection(READ_CONNECTIONS, batch.deadline)
                .and_then(|connection| database.read_on(connection, &batch, batch.deadline, batch.max_bytes));
            drop(reply.send(outcome));
        });
        let Some(deadline) = batch_deadline else { return answer.await.unwrap_or_else(|_| Err(gone())) };
        match tokio::time::timeout_at((deadline + OVERTIME).into(), answer).await {
            Ok(answered) => answered.unwrap_or_else(|_| Err(gone())),
            Err(_) => Err(DbError::new(
                ErrorKind::Timeout,
                "the deadline passed while the read waited for a thread",
            )),
        }
    }

    fn read_on(
        &self,
        connection: Connection,
        batch: &Batch,
        deadline: Option<Instant>,
        max_bytes: usize,
    ) -> Result<Outcome, DbError> {
        connection.stop_at(deadline);
        if !self.options.ours {
            connection.set_use(use_of(batch.mode));
        }
        let outcome = run_read(&connection, batch, max_bytes);
        self.give_back(connection);
        outcome
    }

    async fn write(&self, batch: Batch) -> Result<Outcome, DbError> {
        let (reply, answer) = oneshot::channel();
        let Some(database) = self.this.upgrade() else { return Err(gone()) };
        if lock(&self.writes).push(batch, reply) {
            self.workers.writes.submit(move || database.drain());
        }
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Commits one group of waiting writes, and queues itself again while more wait: no database keeps a thread.
    fn drain(self: Arc<Self>) {
        let Some(group) = lock(&self.writes).take_group() else { return };
        match self.connection(WRITE_CONNECTIONS, None) {
            Ok(mut connection) => {
                group_commit::commit(&connection, group, self.options.ours);
                connection.checkpoint_if_grown();
                self.give_back(connection);
            }
            Err(error) => group.into_iter().for_each(|write| write.answer(Err(error.clone()))),
        }
        if lock(&self.writes).continues() {
            let workers = Arc::clone(&self.workers);
            workers.writes.submit_next(move || self.drain());
        }
    }

    fn idle_connection(&self) -> Option<Connection> {
        lock(&self.connections).idle.pop()
    }

    /// An idle connection, a new one while there are fewer than `most`, or the next that is given back. Blocks, until `deadline`
    /// at most.
    fn connection(&self, most: usize, deadline: Option<Instant>) -> Result<Connection, DbError> {
        let mut connections = lock(&self.connections);
        loop {
            if let Some(connection) = connections.idle.pop() {
                return Ok(connection);
            }
            let first = connections.open == 0;
            if first || connections.open < most && self.workers.may_open_another() {
                connections.open += 1;
                drop(connections);
                return self.open_another();
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(DbError::new(ErrorKind::Timeout, "no connection became free in time"));
            }
            connections.waiting += 1;
            connections = match left {
                None => self.returned.wait(connections).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.returned.wait_timeout(connections, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            connections.waiting -= 1;
        }
    }

    fn open_another(&self) -> Result<Connection, DbError> {
        let opened = Connection::open(&self.path, self.options);
        match &opened {
            Ok(_) => self.workers.count_connection(),
            Err(_) => {
                lock(&self.connections).open -= 1;
                self.returned.notify_one();
            }
        }
        opened
    }

    fn give_back(&self, connection: Connection) {
        let mut connections = lock(&self.connections);
        if connection.is_clean() {
            connections.idle.push(connection);
        } else {
            // A transaction that could not be ended must not leak into the next request.
            tracing::error!("closed a connection that kept its transaction");
            connections.open -= 1;
            self.workers.uncount_connections(1);
            drop(connection);
        }
        if connections.waiting > 0 {
            self.returned.notify_one();
        }
    }
}

impl Database for EmbeddedDatabase {
    fn run(&self, batch: Batch) -> Future<'_, Result<Outcome, DbError>> {
        match batch.mode {
            Mode::Read => Box::pin(self.read(batch)),
            Mode::Write | Mode::Schema => Box::pin(self.write(batch)),
        }
    }
}

impl Drop for EmbeddedDatabase {
    /// Closing may checkpoint, so it happens where blocking is allowed.
    fn drop(&mut self) {
        let connections = std::mem::take(&mut lock(&self.connections).idle);
        let workers = Arc::clone(&self.workers);
        self.workers.files.submit(move || {
            let closed = connections.len();
            connections.into_iter().for_each(Connection::close);
            workers.uncount_connections(closed);
        });
    }
}

fn gone() -> DbError {
    DbError::new(ErrorKind::Unavailable, "the database was closed while the request waited")
}
