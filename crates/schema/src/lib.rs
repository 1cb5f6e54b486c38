//! Templates: their model and JSON format, what changes between two of them, and the SQL that makes the change.
//! Pure: no I/O, no async, no database.

mod template;

pub use template::{
    Column, ColumnType, DefaultValue, Fts, Generated, Index, Reference, ReferenceAction, Table, Template,
};
