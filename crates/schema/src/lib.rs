//! Templates: their model and JSON format, what changes between two of them, and the SQL that makes the change.
//! Pure: no I/O, no async, no database.

mod canonical;
mod change;
mod ddl;
mod diff;
mod drops;
mod expression;
mod fault;
mod order;
mod parse;
mod plan;
mod policy;
mod template;
mod template_json;
mod validate;

pub use change::{Change, ChangeKind, ChangeOp};
pub use ddl::{create_statements, fts_table_name, push_quoted, quote};
pub use diff::{Diff, diff};
pub use expression::{Expression, ExpressionKind, InvalidExpression, MAX_EXPRESSION_BYTES, check_expression};
pub use parse::{FORMAT, MAX_TEMPLATE_BYTES};
pub use plan::{Plan, Step, Unsupported, plan};
pub use policy::{Policies, RolePolicy, Rule, Rules, TablePolicies, UpdateRule};
pub use template::{
    Column, ColumnType, DefaultValue, Fts, Generated, Index, Reference, ReferenceAction, Table, Template,
};
pub use template_json::TemplateJson;
pub use validate::{MAX_CHECKS, MAX_COLUMNS, MAX_ENUM_VALUES, MAX_INDEXES, MAX_TABLES};
