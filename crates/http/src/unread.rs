//! Answers that their clients have not taken yet: how many bytes all of them together may hold in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use atomicbase_core::{Code, Problem};
use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;

use crate::respond::Failure;

/// Answers up to this size are not counted: the socket takes them, or nearly.
const SMALL_BYTES: usize = 256 * 1024;

/// The bytes that are held, and how many may be.
#[derive(Debug)]
pub(crate) struct Unread {
    held: AtomicUsize,
    most: usize,
}

/// Of an answer that says what was done: it is given whatever else is held, since refusing it would be a lie.
#[derive(Clone, Copy, Debug)]
pub struct Done;

/// An answer's bytes, counted until the last of them is dropped.
struct Held {
    bytes: Bytes,
    unread: Arc<Unread>,
}

impl Unread {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), most })
    }

    /// Counts a large answer, or refuses it where too much is held already. Answers in parts hold one part each and are not counted.
    pub(crate) fn hold(self: &Arc<Self>, response: Response) -> Response {
        let size = response.body().size_hint().exact();
        let Some(size) = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > SMALL_BYTES)
        else {
            return response;
        };
        if !self.take(size) && response.extensions().get::<Done>().is_none() {
            self.held.fetch_sub(size, Ordering::Relaxed);
            return refused().into_response();
        }
        let (parts, body) = response.into_parts();
        // A body of known size is in memory: it is ready at once.
        let body = match body.collect().now_or_never() {
            Some(Ok(collected)) => collected.to_bytes(),
            _ => Bytes::new(),
        };
        let held = Held { bytes: body, unread: Arc::clone(self) };
        Response::from_parts(parts, Body::from(Bytes::from_owner(held)))
    }

    /// Counts so many more, and says whether they are not too many.
    fn take(&self, size: usize) -> bool {
        self.held.fetch_add(size, Ordering::Relaxed) + size <= self.most
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.unread.held.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

fn refused() -> Failure {
    Problem::new(Code::Unavailable, "The server holds more answers that were not read than it may.")
        .hint("Read answers to their end, ask for fewer rows at once, or come back when others have read theirs.")
        .retry_after(1)
        .into()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn answer(bytes: usize) -> Response {
        crate::respond_json_bytes(StatusCode::OK, vec![b' '; bytes])
    }

    #[tokio::test]
    async fn large_answers_are_held_until_they_are_read_and_not_beyond_what_may_be() {
        let unread = Unread::new(1_000_000);
        let first = unread.hold(answer(600_000));
        assert_eq!(unread.hold(answer(600_000)).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(unread.hold(answer(SMALL_BYTES)).status(), StatusCode::OK);
        let mut written = answer(600_000);
        written.extensions_mut().insert(Done);
        assert_eq!(unread.hold(written).status(), StatusCode::OK, "what was done is said");
        assert_eq!(first.into_body().collect().await.unwrap().to_bytes().len(), 600_000);
        assert_eq!(unread.held.load(Ordering::Relaxed), 0);
        assert_eq!(unread.hold(answer(900_000)).status(), StatusCode::OK);
    }
}
