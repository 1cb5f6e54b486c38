//! Writes the versions that tenants have moved to, many in one transaction: a sweep moves hundreds a second,
//! and what it writes here only mirrors what each tenant's own file says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use atomicbase_core::{DatabaseId, Problem};
use db::{Batch, DbError, ErrorKind};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::{Shared, store};

/// Moves written in one transaction at most.
const MOVES: usize = 500;
/// When a failed write is tried again without being asked.
const AGAIN: Duration = Duration::from_secs(1);

/// The way to the task that writes.
pub(crate) struct Mirror(mpsc::UnboundedSender<Message>);

enum Message {
    Moved(DatabaseId, u32),
    Flush(oneshot::Sender<Result<(), DbError>>),
}

impl Mirror {
    /// Starts the task; it ends when the mirror is gone and everything is written.
    pub(crate) fn start(shared: Arc<Shared>) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        tokio::spawn(write_moves(shared, messages));
        Self(sender)
    }

    pub(crate) fn record(&self, id: DatabaseId, version: u32) {
        // Fails only while the runtime ends; the next request to the database records it again.
        drop(self.0.send(Message::Moved(id, version)));
    }

    pub(crate) async fn flush(&self) -> Result<(), Problem> {
        let (reply, written) = oneshot::channel();
        let gone = || DbError::new(ErrorKind::Unavailable, "the server is stopping");
        self.0.send(Message::Flush(reply)).map_err(|_| gone())?;
        Ok(written.await.unwrap_or_else(|_| Err(gone()))?)
    }
}

async fn write_moves(shared: Arc<Shared>, mut messages: mpsc::UnboundedReceiver<Message>) {
    let mut inbox = Vec::with_capacity(MOVES);
    // What a full disk has kept from being written waits here, once per database.
    let mut moves: HashMap<DatabaseId, u32> = HashMap::new();
    loop {
        let arriving = messages.recv_many(&mut inbox, MOVES);
        let open = match moves.is_empty() {
            true => arriving.await > 0,
            false => timeout(AGAIN, arriving).await.map_or(true, |count| count > 0),
        };
        let mut waiting = Vec::new();
        for message in inbox.drain(..) {
            match message {
                Message::Moved(id, version) => {
                    let known = moves.entry(id).or_default();
                    *known = version.max(*known);
                }
                Message::Flush(reply) => waiting.push(reply),
            }
        }
        let written = write(&shared, &mut moves).await;
        if let Err(error) = &written {
            tracing::warn!(cause = %error, moves = moves.len(), "tenants.db could not be written; trying again");
        }
        for reply in waiting {
            // Whoever asked may have gone away.
            drop(reply.send(written.clone()));
        }
        if !open {
            return;
        }
    }
}

/// Writes the moves and takes out those that are written.
async fn write(shared: &Arc<Shared>, moves: &mut HashMap<DatabaseId, u32>) -> Result<(), DbError> {
    while !moves.is_empty() {
        let part: Vec<(DatabaseId, u32)> =
            moves.iter().take(MOVES).map(|(id, version)| (id.clone(), *version)).collect();
        let batch = part.iter().fold(Batch::write(), |batch, (id, version)| {
            batch
                .with(store::databases::record_version(id, *version))
                .with(store::databases::clear_set_aside(id, *version))
        });
        let moved: Vec<DatabaseId> = part.iter().map(|(id, _)| id.clone()).collect();
        shared.write(batch, move |shared, _| moved.iter().for_each(|id| shared.databases.forget(id))).await?;
        for (id, _) in &part {
            moves.remove(id);
        }
    }
    Ok(())
}
