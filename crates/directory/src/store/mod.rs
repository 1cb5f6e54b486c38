//! The SQL of `tenants.db`: one function per statement, and one per kind of row. Guards are in the SQL, never before it.

pub(crate) mod databases;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod project;
mod row;
pub(crate) mod templates;

pub(crate) use row::Row;
