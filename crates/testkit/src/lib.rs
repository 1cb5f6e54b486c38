//! What tests of several rooms share: the real router on real SQLite in a folder of its own, and a watch on the log.
//! A dev-dependency only.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

pub mod conformance;
mod log;
mod server;

pub use server::{Answer, KEY, Request, TestServer};
