//! The data API: over the whole router on real SQLite, and its compiler against an evaluation without SQL.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot set itself up has failed"
)]

mod property;
mod sandbox;
