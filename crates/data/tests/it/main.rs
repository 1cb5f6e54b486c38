//! The data API: over the whole router on real SQLite, and its compiler against an evaluation without SQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, what it shares as well")]

mod agency;
mod delete_rows;
mod describe_schema;
mod export_rows;
mod guide;
mod insert_rows;
mod openapi;
mod overload;
mod policies;
mod run_batch;
mod select_rows;
mod update_rows;
