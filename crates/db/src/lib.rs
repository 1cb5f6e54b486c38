//! SQL behind one verb, `run(Batch)`: the embedded SQLite engine, infrastructure databases and their migrations.
//! The only crate that names `rusqlite`. Knows no template, no tenant and no HTTP.

mod batch;
mod embedded;
mod engine;
mod error;
mod infrastructure;
mod json;
mod raise;
mod scratch;
mod value;

pub use batch::{Batch, Collect, Given, GivenRows, Mode, Outcome, Rows, Statement, StatementOutcome};
pub use embedded::{
    EmbeddedStore, FolderLock, OpenOptions, WorkerLimits, Workers, lock_folder, raise_descriptor_limit,
};
pub use engine::{Database, DatabaseStore, Future, Image};
pub use error::{DbError, ErrorKind};
pub use infrastructure::{Migration, open_infrastructure};
pub use json::{JsonColumn, JsonRows, JsonShape, Kind, Page};
pub use raise::raise;
pub use scratch::{Expression, ExpressionError, build_image, prove_expressions, prove_statements};
pub use value::Value;
