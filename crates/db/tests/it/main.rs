//! The embedded engine on real files: what every engine does, and what only files do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, what it shares as well")]

mod conformance;
mod embedded;
mod queues;
