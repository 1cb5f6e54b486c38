//! The accept loop: HTTP/1.1 connections on one thread's runtime, slow clients bounded, shutdown that finishes what was accepted.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::{Semaphore, watch};

use crate::stall::Patient;

/// How long a client may take to send a request's headers, and an idle connection may stay. As long as a request may take where
/// nothing else is set: each timer that is earlier than all others costs a system call, and of equal ones a new one never is.
const HEADERS: Duration = Duration::from_secs(35);
/// Largest head of a request, bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long to wait after the system has no descriptor left for another connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);
/// How often the log says that no connection can be accepted, while it stays so.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// Serves `router` on the listener until `shutdown` turns true, then finishes the requests that are in flight.
///
/// `connections` bounds how many are open at once; further clients wait in the system's queue. A client that takes nothing of its
/// answer for as long as `patience` is cut off.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    connections: Arc<Semaphore>,
    patience: Duration,
    mut shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let graceful = GracefulShutdown::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(HEAD_BYTES);
    let mut failures = Failures::default();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections, &mut failures) => accepted,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let Some((stream, permit)) = accepted else { continue };
        // Answers are written whole; waiting to fill a packet would only add latency.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
            continue;
        }
        let service = TowerToHyperService::new(router.clone());
        let connection =
            graceful.watch(http.serve_connection(TokioIo::new(Patient::new(stream, patience)), service));
        tokio::spawn(async move {
            // Broken connections and unreadable requests are the client's news; hyper has answered where it could.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

async fn accept(
    listener: &tokio::net::TcpListener,
    connections: &Arc<Semaphore>,
    failures: &mut Failures,
) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) =>
        {
            None
        }
        Err(error) => {
            if let Some(times) = failures.count(Instant::now()) {
                tracing::warn!(%error, times, "cannot accept connections");
            }
            tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            None
        }
    }
}

/// Counts what failed, so that the log is told at once and then now and then: twenty lines a second would fill the disk next.
#[derive(Default)]
struct Failures {
    told: Option<Instant>,
    times: u64,
}

impl Failures {
    /// Counts a failure; `Some` is how often it failed since the log was told last, where it is to be told again.
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.times += 1;
        if self.told.is_some_and(|told| now.duration_since(told) < BETWEEN_WARNINGS) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hears_of_failures_at_once_and_then_once_a_minute() {
        let (mut failures, began) = (Failures::default(), Instant::now());
        // Twenty a second for two minutes and a half, an hour of peace, then two more.
        let during = (0..3_000).map(|tick| began + OUT_OF_DESCRIPTORS * tick);
        let after = (0..2).map(|tick| began + BETWEEN_WARNINGS * 60 + OUT_OF_DESCRIPTORS * tick);
        let told: Vec<u64> = during.chain(after).filter_map(|now| failures.count(now)).collect();
        assert_eq!(told, [1, 1_200, 1_200, 600]);
    }
}
