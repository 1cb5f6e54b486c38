//! The compiler against an evaluation without SQL, and against bodies that nobody meant.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, what it shares as well"
)]

mod property;
mod sandbox;
