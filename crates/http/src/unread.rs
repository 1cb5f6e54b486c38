//! Answers that their clients have not taken yet: how many bytes all of them together may hold in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    held: Mutex<HeldBytes>,
    most: usize,
}

#[derive(Debug, Default)]
struct HeldBytes {
    all: usize,
    /// What is no tenant's is under `None`.
    by_tenant: HashMap<Option<usize>, usize>,
}

/// Of a large answer of a tenant's data: one tenant's clients must not keep the answers of all others back.
#[derive(Clone, Copy, Debug)]
struct Tenant(usize);

/// Says whose answer it is.
pub fn of_tenant(response: &mut Response, tenant: usize) {
    if size_of(response).is_some() {
        response.extensions_mut().insert(Tenant(tenant));
    }
}

/// The size of an answer that counts. One in parts holds a part at a time and does not.
fn size_of(response: &Response) -> Option<usize> {
    let size = response.body().size_hint().exact()?;
    usize::try_from(size).ok().filter(|size| *size > SMALL_BYTES)
}

/// Of an answer that says what was done: it is given whatever else is held, since refusing it would be a lie.
#[derive(Clone, Copy, Debug)]
pub struct Done;

/// An answer's bytes, counted until the last of them is dropped.
struct Held {
    bytes: Bytes,
    size: usize,
    tenant: Option<usize>,
    unread: Arc<Unread>,
}

impl Unread {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), most })
    }

    /// Counts a large answer, or refuses it where too much is held already.
    pub(crate) fn hold(self: &Arc<Self>, response: Response) -> Response {
        let Some(size) = size_of(&response) else { return response };
        let tenant = response.extensions().get::<Tenant>().map(|tenant| tenant.0);
        let done = response.extensions().get::<Done>().is_some();
        if !self.held().take(tenant, size, if done { usize::MAX } else { self.most }) {
            return refused().into_response();
        }
        let (parts, body) = response.into_parts();
        // A body of known size is in memory: it is ready at once.
        let bytes = match body.collect().now_or_never() {
            Some(Ok(collected)) => collected.to_bytes(),
            _ => Bytes::new(),
        };
        let held = Held { bytes, size, tenant, unread: Arc::clone(self) };
        Response::from_parts(parts, Body::from(Bytes::from_owner(held)))
    }

    fn held(&self) -> MutexGuard<'_, HeldBytes> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldBytes {
    /// Counts so many more, unless it is too many: a tenant may hold half of what the others leave of `most`, and always one answer
    /// for which there is room.
    fn take(&mut self, tenant: Option<usize>, size: usize, most: usize) -> bool {
        let own = self.by_tenant.get(&tenant).copied().unwrap_or_default();
        let left = most.saturating_sub(self.all - own);
        if own + size > if own == 0 { left } else { left / 2 } {
            return false;
        }
        self.all += size;
        self.by_tenant.insert(tenant, own + size);
        true
    }

    fn give_back(&mut self, tenant: Option<usize>, size: usize) {
        self.all -= size;
        if let Some(own) = self.by_tenant.get_mut(&tenant) {
            *own -= size;
            if *own == 0 {
                self.by_tenant.remove(&tenant);
            }
        }
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.unread.held().give_back(self.tenant, self.size);
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
        assert_eq!(unread.held().all, 0);
        assert_eq!(unread.hold(answer(900_000)).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn clients_of_one_tenant_leave_room_for_those_of_others() {
        let unread = Unread::new(8_000_000);
        let mut held = Vec::new();
        let mut ask = |tenant| {
            let mut response = answer(1_000_000);
            of_tenant(&mut response, tenant);
            let response = unread.hold(response);
            let status = response.status();
            held.push(response);
            status == StatusCode::OK
        };
        assert_eq!((0..10).filter(|_| ask(1)).count(), 4);
        assert_eq!((0..10).filter(|_| ask(2)).count(), 2);
        assert_eq!((3..10).filter(|tenant| ask(*tenant)).count(), 2);
        drop(held);
        assert!(unread.held().by_tenant.is_empty());
        assert_eq!(unread.held().all, 0);
    }
}
