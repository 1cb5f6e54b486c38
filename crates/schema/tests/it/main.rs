//! The schema crate from outside: its fixtures, and what its SQL does on a real SQLite.

mod database;
mod documentation;
mod expression;
mod fixtures;
mod migrate;
mod refused;
mod steps;
