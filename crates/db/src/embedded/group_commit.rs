//! Group commit: every write that waits for a database shares one transaction and one sync, and none harms its neighbours.
//!
//! An answer is given only after the COMMIT that holds it, errors included: what a write saw may be a neighbour's row.

use std::collections::VecDeque;
use std::time::Instant;

use tokio::sync::oneshot;

use super::connection::Connection;
use super::execute::{control, run_statements, use_of};
use crate::batch::{Batch, Outcome};
use crate::error::{DbError, ErrorKind};

/// Most writes in one transaction.
const GROUP: usize = 256;

/// A write that waits for its turn.
pub(crate) struct Waiting {
    batch: Batch,
    reply: oneshot::Sender<Result<Outcome, DbError>>,
}

/// The writes of one database that wait.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    /// A thread is, or will be, taking from the queue.
    drained: bool,
}

impl Waiting {
    pub(crate) fn answer(self, outcome: Result<Outcome, DbError>) {
        // Whoever asked may have gone away; the write stands all the same.
        drop(self.reply.send(outcome));
    }
}

impl Queue {
    /// Adds a write; true when the caller must see to it that the queue is drained.
    pub(crate) fn push(&mut self, batch: Batch, reply: oneshot::Sender<Result<Outcome, DbError>>) -> bool {
        self.waiting.push_back(Waiting { batch, reply });
        !std::mem::replace(&mut self.drained, true)
    }

    /// The next writes that may share a transaction.
    pub(crate) fn take_group(&mut self) -> Option<Vec<Waiting>> {
        let first = self.waiting.pop_front()?;
        let alone = first.batch.alone;
        let mut group = vec![first];
        while !alone && group.len() < GROUP && self.waiting.front().is_some_and(|next| !next.batch.alone) {
            group.extend(self.waiting.pop_front());
        }
        Some(group)
    }

    /// Whether more waits; if not, the next `push` starts a drain.
    pub(crate) fn continues(&mut self) -> bool {
        self.drained = !self.waiting.is_empty();
        self.drained
    }
}

/// Commits a group and answers each of its writes.
pub(crate) fn commit(connection: &Connection, group: Vec<Waiting>, ours: bool) {
    let mut group: Vec<Waiting> = group.into_iter().filter_map(in_time).collect();
    while !group.is_empty() {
        match attempt(connection, &group, ours) {
            Attempt::Committed(outcomes) => {
                group.into_iter().zip(outcomes).for_each(|(write, outcome)| write.answer(outcome));
                return;
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
    let mut outcomes = Vec::with_capacity(group.len());
    for (by, write) in group.iter().enumerate() {
        if !ours {
            connection.set_use(use_of(write.batch.mode));
        }
        connection.stop_at(write.batch.deadline);
        let outcome = run_one(connection, &write.batch, group.len() == 1);
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
    // A failed statement undoes itself; only several need a savepoint to be undone together.
    if alone || batch.statements.len() == 1 {
        return run_statements(connection, batch);
    }
    control(connection, "SAVEPOINT write")?;
    match run_statements(connection, batch) {
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
    if write.batch.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        let message = "the deadline passed while the write waited for its turn";
        write.answer(Err(DbError::new(ErrorKind::Timeout, message)));
        return None;
    }
    Some(write)
}
