//! The databases that a job has still to move, page by page: a job over a hundred thousand holds a few hundred of them.

use std::collections::VecDeque;

use atomicbase_core::{DatabaseId, Name, Problem};
use directory::{DatabaseRecord, Directory};
use tokio::sync::{Mutex, watch};

/// Databases read at once.
const PAGE: u32 = 500;

/// Hands each database to one of the movers that take from it.
pub(crate) struct Queue<'a> {
    directory: &'a Directory,
    template: &'a Name,
    /// Databases below this version are to be moved.
    version: u32,
    stopping: watch::Receiver<bool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    page: VecDeque<DatabaseRecord>,
    after: Option<DatabaseId>,
    closed: bool,
    failure: Option<Problem>,
}

impl<'a> Queue<'a> {
    pub(crate) fn new(
        directory: &'a Directory,
        template: &'a Name,
        version: u32,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self { directory, template, version, stopping, state: Mutex::default() }
    }

    /// The next database, or `None` when all are handed out, the server stops, or the queue was closed.
    pub(crate) async fn next(&self) -> Option<DatabaseRecord> {
        let mut state = self.state.lock().await;
        if state.closed || *self.stopping.borrow() {
            return None;
        }
        if let Some(record) = state.page.pop_front() {
            return Some(record);
        }
        let page =
            self.directory.list_databases_behind(self.template, self.version, state.after.as_ref(), PAGE);
        match page.await {
            Ok(page) => state.page = page.into(),
            Err(problem) => state.failure = Some(problem),
        }
        state.after = state.page.back().map(|record| record.id.clone());
        state.closed = state.page.is_empty();
        state.page.pop_front()
    }

    /// Hands out nothing more: going on would meet the same problem each time.
    pub(crate) async fn close(&self, problem: Problem) {
        let mut state = self.state.lock().await;
        state.closed = true;
        state.failure.get_or_insert(problem);
    }

    /// Why the queue ended early, if it did.
    pub(crate) fn outcome(self) -> Result<(), Problem> {
        self.state.into_inner().failure.map_or(Ok(()), Err)
    }
}
