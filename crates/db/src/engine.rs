//! The seam: where databases are kept, and what one open database does.

use std::pin::Pin;
use std::sync::Arc;

use crate::batch::{Batch, Outcome};
use crate::error::DbError;

/// A boxed future, so that the seam can be a trait object.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// A whole new database as bytes, made once per template version.
#[derive(Clone)]
pub struct Image(pub(crate) Arc<[u8]>);

impl Image {
    /// Size in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.0.len()
    }
}

/// Where tenant databases are kept. Names are ids; callers never pass a path.
pub trait DatabaseStore: Send + Sync {
    /// Makes a database from an image. Durable when it returns; fails if it exists.
    fn create(&self, name: &str, image: Image) -> Future<'_, Result<(), DbError>>;

    /// Opens a database; [`crate::ErrorKind::Missing`] if there is none.
    /// The caller keeps at most one open handle per database.
    fn open(&self, name: &str) -> Future<'_, Result<Arc<dyn Database>, DbError>>;

    /// Takes a database out of the store, into its trash. No handle may be open. Durable when it returns.
    fn drop_database(&self, name: &str) -> Future<'_, Result<(), DbError>>;

    /// The names of all databases, in order.
    fn list(&self) -> Future<'_, Result<Vec<String>, DbError>>;
}

/// One open database.
pub trait Database: Send + Sync {
    /// Runs a batch. Writes are on disk when it returns.
    ///
    /// Dropping the future does not undo a write that has begun.
    fn run(&self, batch: Batch) -> Future<'_, Result<Outcome, DbError>>;
}
