//! The embedded engine does what every implementation of the seam does.

use std::sync::Arc;

use db::{EmbeddedStore, Workers};
use testkit::conformance::Subject;

async fn embedded() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Workers::start(1_000).unwrap()).unwrap();
    Subject { store: Arc::new(store), keep: Box::new(folder) }
}

testkit::database_store_conformance!(embedded);
