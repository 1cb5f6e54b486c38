//! One open database file: its few connections, reads inline within a budget, and the queue of its writes.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::connection::{Connection, OpenOptions};
use super::connections::Connections;
use super::execute::{run_read, use_of};
use super::group_commit::{self, Queue};
use super::lanes::Lane;
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

pub(crate) struct EmbeddedDatabase {
    options: OpenOptions,
    workers: Arc<Workers>,
    connections: Connections,
    reads: Lane,
    writes: Lane,
    waiting_writes: Mutex<Queue>,
    /// Jobs on other threads hold the database by this.
    this: Weak<EmbeddedDatabase>,
}

impl EmbeddedDatabase {
    /// Opens the file with one connection. Blocks.
    pub(crate) fn open(
        path: PathBuf,
        options: OpenOptions,
        workers: Arc<Workers>,
    ) -> Result<Arc<Self>, DbError> {
        let connections = Connections::open(path, options, Arc::clone(&workers))?;
        let (reads, writes) = if options.ours {
            (workers.infrastructure.lane(), workers.infrastructure.lane())
        } else {
            (workers.reads.lane(), workers.writes.lane())
        };
        Ok(Arc::new_cyclic(|this| Self {
            options,
            workers,
            connections,
            reads,
            writes,
            waiting_writes: Mutex::default(),
            this: this.clone(),
        }))
    }

    async fn read(&self, batch: Batch) -> Result<Outcome, DbError> {
        if !batch.slow {
            let budget = Instant::now() + INLINE;
            let deadline = batch.deadline.map_or(budget, |deadline| deadline.min(budget));
            let max_bytes = batch.max_bytes.min(INLINE_BYTES);
            let inline =
                |connection: &mut Connection| self.read_on(connection, &batch, Some(deadline), max_bytes);
            match self.connections.with_quick(inline) {
                // Over the budget of time or bytes: from the start again, where it may take both.
                None | Some(Err(DbError { kind: ErrorKind::Timeout | ErrorKind::TooBig, .. })) => {}
                Some(done) => return done,
            }
        }
        self.read_slowly(batch).await
    }

    async fn read_slowly(&self, batch: Batch) -> Result<Outcome, DbError> {
        let (reply, mut answer) = oneshot::channel();
        let Some(database) = self.this.upgrade() else { return Err(gone()) };
        let deadline = batch.deadline;
        // Whoever goes away takes the read out of its lane, or ends it where it runs.
        let asker = Arc::new(());
        let still_asked = Arc::downgrade(&asker);
        let place = self.reads.submit(move || {
            if batch.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                drop(reply.send(Err(waited_too_long())));
                return;
            }
            let read = |connection: &mut Connection| {
                connection.stop_without(Some(still_asked));
                database.read_on(connection, &batch, batch.deadline, batch.max_bytes)
            };
            let outcome = database.connections.with_slow(read).unwrap_or_else(Err);
            // Nobody may wait any more.
            drop(reply.send(outcome));
        })?;
        let Some(deadline) = deadline else { return answer.await.unwrap_or_else(|_| Err(gone())) };
        if let Ok(answered) = timeout_at(deadline.into(), &mut answer).await {
            return answered.unwrap_or_else(|_| Err(gone()));
        }
        if place.withdraw() {
            return Err(waited_too_long());
        }
        match timeout_at((deadline + OVERTIME).into(), answer).await {
            Ok(answered) => answered.unwrap_or_else(|_| Err(gone())),
            Err(_) => Err(DbError::new(ErrorKind::Timeout, "a step of the read is longer than its deadline")),
        }
    }

    fn read_on(
        &self,
        connection: &Connection,
        batch: &Batch,
        deadline: Option<Instant>,
        max_bytes: usize,
    ) -> Result<Outcome, DbError> {
        connection.stop_at(deadline);
        if !self.options.ours {
            connection.set_use(use_of(batch.mode));
        }
        run_read(connection, batch, max_bytes)
    }

    async fn write(&self, batch: Batch) -> Result<Outcome, DbError> {
        let Some(database) = self.this.upgrade() else { return Err(gone()) };
        let deadline = batch.deadline;
        let (reply, mut answer) = oneshot::channel();
        let all = &self.workers.waiting_writes;
        let pushed = lock(&self.waiting_writes).push(batch, reply, all)?;
        let begins = pushed.starts_drain && self.writes.submit_always(move || database.drain());
        if let Some(deadline) = deadline.filter(|_| !begins) {
            if let Ok(answered) = timeout_at(deadline.into(), &mut answer).await {
                return answered.unwrap_or_else(|_| Err(gone()));
            }
            if lock(&self.waiting_writes).withdraw(pushed.ticket, all) {
                return Err(waited_too_long());
            }
        }
        // Once it begins only its commit, or what SQLite says to the interruption, tells what became of it.
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Commits one group of waiting writes, and queues itself again while more wait: no database keeps a thread.
    fn drain(self: Arc<Self>) {
        let mut group = lock(&self.waiting_writes).take_group(&self.workers.waiting_writes);
        let committed = catch_unwind(AssertUnwindSafe(|| {
            let lent = self.connections.with_writer(|connection| {
                group_commit::commit(connection, std::mem::take(&mut group), self.options.ours);
                connection.checkpoint_if_grown();
            });
            if let Err(error) = lent {
                group.into_iter().for_each(|write| write.answer(Err(error.clone())));
            }
        }));
        // Also after a panic: those who wait behind it would wait for ever.
        if lock(&self.waiting_writes).continues() {
            let database = Arc::clone(&self);
            self.writes.submit_always(move || database.drain());
        }
        committed.unwrap_or_else(|panic| resume_unwind(panic));
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
        let connections = self.connections.take_idle();
        let workers = Arc::clone(&self.workers);
        self.workers.closing.submit_always(move || {
            let closed = connections.len();
            connections.into_iter().for_each(Connection::close);
            workers.uncount_connections(closed);
        });
    }
}

pub(crate) fn waited_too_long() -> DbError {
    DbError::new(ErrorKind::WaitedTooLong, "the deadline passed before the turn came")
}

fn gone() -> DbError {
    DbError::new(ErrorKind::Unavailable, "the work was given up")
}
