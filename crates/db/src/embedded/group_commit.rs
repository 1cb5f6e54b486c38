//! Group commit: every write that waits for a database shares one transaction and one sync, and none harms its neighbours.
//!
//! An answer is given only after the COMMIT that holds it, errors included: what a write saw may be a neighbour's row.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::connection::Connection;
use super::database::waited_too_long;
use super::execute::{control, expect_version, run_statements, schema_version, use_of};
use super::lanes::SHARE;
use super::workers::WaitingWrites;
use crate::batch::{Batch, Collect, Mode, Outcome, Statement};
use crate::error::{DbError, ErrorKind};
use crate::value::Value;

/// Most writes in one transaction.
const GROUP: usize = 256;
/// Values that those writes bind together, bytes; the first may be larger.
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// Values that the waiting writes of one database may hold, and those of all databases, bytes.
const WAITING_BYTES: usize = 64 * 1024 * 1024;
const ALL_WAITING_BYTES: usize = 256 * 1024 * 1024;
/// What is let in where the others have filled the queue, bytes: see [`SHARE`].
const SHARE_BYTES: usize = 1024 * 1024;

/// A write that waits for its turn.
pub(crate) struct Waiting {
    batch: Batch,
    reply: Reply,
    /// Where its answer is awaited.
    runtime: Option<Handle>,
    ticket: u64,
    size_bytes: usize,
}

type Reply = oneshot::Sender<Result<Outcome, DbError>>;

/// The writes of one database that wait.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    size_bytes: usize,
    last_ticket: u64,
    /// A thread is, or will be, taking from the queue.
    drained: bool,
}

/// A write's place in the queue.
pub(crate) struct Pushed {
    pub ticket: u64,
    /// The caller must see to it that the queue is drained.
    pub starts_drain: bool,
}

impl Waiting {
    pub(crate) fn answer(self, outcome: Result<Outcome, DbError>) {
        // Whoever asked may have gone away; the write stands all the same.
        drop(self.reply.send(outcome));
    }
}

impl Queue {
    /// Adds a write, unless too many wait or too much. `all` counts those of every database.
    pub(crate) fn push(
        &mut self,
        batch: Batch,
        reply: Reply,
        all: &WaitingWrites,
    ) -> Result<Pushed, DbError> {
        // A change of the schema comes once, and whole fleets of them wait for nothing else.
        if batch.mode != Mode::Schema && self.is_full(all) {
            return Err(DbError::new(ErrorKind::Overloaded, "too many writes wait for their commit"));
        }
        let size_bytes = size_of(&batch);
        all.count.fetch_add(1, Ordering::Relaxed);
        all.bytes.fetch_add(size_bytes, Ordering::Relaxed);
        self.size_bytes += size_bytes;
        self.last_ticket += 1;
        let (runtime, ticket) = (Handle::try_current().ok(), self.last_ticket);
        self.waiting.push_back(Waiting { batch, reply, runtime, ticket, size_bytes });
        Ok(Pushed { ticket, starts_drain: !std::mem::replace(&mut self.drained, true) })
    }

    fn is_full(&self, all: &WaitingWrites) -> bool {
        let too_many = all.count.load(Ordering::Relaxed) >= all.most;
        let too_much =
            self.size_bytes >= WAITING_BYTES || all.bytes.load(Ordering::Relaxed) >= ALL_WAITING_BYTES;
        too_many && self.waiting.len() >= SHARE || too_much && self.size_bytes >= SHARE_BYTES
    }

    /// Takes a write out that has not begun; false if it has.
    pub(crate) fn withdraw(&mut self, ticket: u64, all: &WaitingWrites) -> bool {
        let found = self.waiting.binary_search_by_key(&ticket, |write| write.ticket);
        let withdrawn = found.ok().and_then(|index| self.waiting.remove(index));
        withdrawn.inspect(|write| self.uncount(write, all)).is_some()
    }

    /// The next writes that may share a transaction.
    pub(crate) fn take_group(&mut self, all: &WaitingWrites) -> Vec<Waiting> {
        let (mut group, mut group_bytes) = (Vec::new(), 0);
        while let Some(next) = self.waiting.front()
            && (group.is_empty() || joins(&group, group_bytes, next))
        {
            group_bytes += next.size_bytes;
            group.extend(self.waiting.pop_front());
        }
        group.iter().for_each(|write| self.uncount(write, all));
        group
    }

    fn uncount(&mut self, write: &Waiting, all: &WaitingWrites) {
        all.count.fetch_sub(1, Ordering::Relaxed);
        all.bytes.fetch_sub(write.size_bytes, Ordering::Relaxed);
        self.size_bytes -= write.size_bytes;
    }

    /// Whether more waits; if not, the next `push` starts a drain.
    pub(crate) fn continues(&mut self) -> bool {
        self.drained = !self.waiting.is_empty();
        self.drained
    }
}

fn joins(group: &[Waiting], group_bytes: usize, next: &Waiting) -> bool {
    let alone = next.batch.alone || group.iter().any(|write| write.batch.alone);
    !alone && group.len() < GROUP && group_bytes + next.size_bytes <= GROUP_BYTES
}

/// About how much memory a batch holds.
fn size_of(batch: &Batch) -> usize {
    let value = |value: &Value| match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Null | Value::Integer(_) | Value::Real(_) => 0,
    };
    let statement = |statement: &Statement| {
        let values = statement.params.iter().map(|param| size_of_val(param) + value(param));
        size_of_val(statement) + statement.sql.len() + values.sum::<usize>()
    };
    batch.statements.iter().map(statement).sum()
}

/// Commits a group and answers each of its writes.
pub(crate) fn commit(connection: &Connection, group: Vec<Waiting>, ours: bool) {
    let mut group: Vec<Waiting> = group.into_iter().filter_map(in_time).collect();
    while !group.is_empty() {
        match attempt(connection, &group, ours) {
            Attempt::Committed(outcomes) => {
                return answer(group.into_iter().zip(outcomes));
            }
            // One write took the transaction down with it (a deadline, a full disk): the others run again without it.
            Attempt::Broken { by, error } => group.remove(by).answer(Err(error)),
            Attempt::Failed(error) if group.len() == 1 => {
                group.remove(0).answer(Err(error));
            }
            // The commit itself failed. What one of them needs the disk may still have: try one by one.
            Attempt::Failed(_) => {
                for write in group {
                    commit(connection, vec![write], ours);
                }
                return;
            }
        }
    }
}

/// Answers many writes: each runtime that awaits some of them is woken once, and not once for each.
fn answer(outcomes: impl Iterator<Item = (Waiting, Result<Outcome, DbError>)>) {
    type Answers = Vec<(Reply, Result<Outcome, DbError>)>;
    let mut by_runtime: Vec<(Handle, Answers)> = Vec::new();
    for (write, outcome) in outcomes {
        let Some(runtime) = &write.runtime else {
            write.answer(outcome);
            continue;
        };
        match by_runtime.iter_mut().find(|(known, _)| known.id() == runtime.id()) {
            Some((_, answers)) => answers.push((write.reply, outcome)),
            None => by_runtime.push((runtime.clone(), vec![(write.reply, outcome)])),
        }
    }
    let send = |(reply, outcome): (Reply, _)| {
        // Whoever asked may have gone away; the write stands all the same.
        drop(reply.send(outcome));
    };
    for (runtime, answers) in by_runtime {
        if answers.len() == 1 {
            answers.into_iter().for_each(send);
        } else {
            runtime.spawn(async move { answers.into_iter().for_each(send) });
        }
    }
}

enum Attempt {
    /// On disk: each write's outcome.
    Committed(Vec<Result<Outcome, DbError>>),
    /// Nothing is kept: the write at `by` ended the transaction.
    Broken { by: usize, error: DbError },
    /// Nothing is kept: the transaction could not begin or commit.
    Failed(DbError),
}

fn attempt(connection: &Connection, group: &[Waiting], ours: bool) -> Attempt {
    connection.stop_at(None);
    if let Err(error) = control(connection, "BEGIN IMMEDIATE") {
        connection.roll_back();
        return Attempt::Failed(error);
    }
    // Only a schema change moves the version, and that is alone in its transaction.
    let version = match schema_version(connection) {
        Ok(version) => version,
        Err(error) => {
            connection.roll_back();
            return Attempt::Failed(error);
        }
    };
    let mut outcomes = Vec::with_capacity(group.len());
    for (by, write) in group.iter().enumerate() {
        if !ours {
            connection.set_use(use_of(write.batch.mode));
        }
        connection.stop_at(write.batch.deadline);
        let outcome = expect_version(&write.batch, version)
            .and_then(|()| run_one(connection, &write.batch, group.len() == 1));
        connection.stop_at(None);
        match outcome {
            Err(error) if !connection.in_transaction() => return Attempt::Broken { by, error },
            Err(error) if group.len() == 1 => {
                connection.roll_back();
                return Attempt::Committed(vec![Err(error)]);
            }
            outcome => outcomes.push(outcome),
        }
    }
    if let Err(error) = control(connection, "COMMIT") {
        connection.roll_back();
        return Attempt::Failed(error);
    }
    Attempt::Committed(outcomes)
}

/// One write inside the group's transaction: all of its statements or none.
fn run_one(connection: &Connection, batch: &Batch, alone: bool) -> Result<Outcome, DbError> {
    // A statement that SQLite fails undoes itself. Several need a savepoint to be undone together, and so does one whose rows
    // we refuse: they are written by then.
    let undoes_itself = match batch.statements.as_slice() {
        [only] => matches!(only.collect, Collect::Nothing),
        several => several.is_empty(),
    };
    if alone || undoes_itself {
        return run_statements(connection, batch, batch.max_bytes);
    }
    control(connection, "SAVEPOINT write")?;
    match run_statements(connection, batch, batch.max_bytes) {
        Ok(outcome) => control(connection, "RELEASE write").map(|()| outcome),
        Err(error) => {
            let undone =
                || control(connection, "ROLLBACK TO write").and(control(connection, "RELEASE write"));
            if connection.in_transaction() && undone().is_err() {
                // Half of a write must not be committed with its neighbours: give the whole transaction up.
                connection.roll_back();
            }
            Err(error)
        }
    }
}

fn in_time(write: Waiting) -> Option<Waiting> {
    // Whoever asked went away before it began.
    if write.reply.is_closed() {
        return None;
    }
    if write.batch.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        write.answer(Err(waited_too_long()));
        return None;
    }
    Some(write)
}
