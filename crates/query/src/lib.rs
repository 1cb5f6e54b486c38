//! From a body to SQL and from rows to an answer: read and check (shape, names and types, against the template and the caller's
//! rights), compile (SQL). Pure: no I/O, no async, no HTTP. Names come from the template and are quoted; values are bound.

mod aggregate;
mod answer;
mod batch;
mod compile;
mod condition;
mod conflict;
mod cursor;
mod fault;
mod fields;
mod filter;
mod guard;
mod insert;
mod items;
mod json_path;
mod nested;
mod operators;
mod order;
mod plan;
mod policy;
mod relation;
mod returned;
mod scope;
mod search;
mod search_value;
mod select;
mod shape;
mod sql;
#[cfg(test)]
mod tests;
mod transaction;
mod update;
mod value;
mod view;

pub use batch::{Operation, compile_batch, parse_batch};
pub use cursor::Position;
pub use fault::{Place, did_you_mean};
pub use plan::Query;
pub use policy::check_policies;
pub use relation::describe_relations;
pub use scope::{Scope, Verb};
pub use transaction::Transaction;
pub use view::View;
