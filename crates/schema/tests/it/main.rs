//! The schema crate from outside: its fixtures, and what its SQL does on a real SQLite.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking, what it shares as well"
)]

mod database;
mod documentation;
mod expression;
mod fixtures;
mod limits;
mod migrate;
mod refused;
mod search;
mod steps;
