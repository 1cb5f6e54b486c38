//! The accept loop: HTTP/1.1 connections on one thread's runtime, slow clients bounded, shutdown that finishes what was accepted.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

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
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
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
            tracing::warn!(%error, "cannot accept connections");
            tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            None
        }
    }
}
