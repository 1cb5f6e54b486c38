//! What SQL may do on a tenant's connection, asked by SQLite for each statement it prepares.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// What the connection is being used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Use {
    /// Rows.
    Data = 0,
    /// A schema change, from steps that the schema crate made.
    Schema = 1,
    /// An infrastructure database: every statement is ours.
    Ours = 2,
}

/// SQL functions that reach outside the database.
const OUTSIDE: [&str; 4] = ["load_extension", "fts3_tokenizer", "readfile", "writefile"];

/// Tables that hold what the engine itself knows.
fn is_internal(table: &str) -> bool {
    let table = table.as_bytes();
    let starts =
        |prefix: &[u8]| table.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts(b"sqlite_") || starts(b"_atomicbase")
}

pub(crate) fn authorize(connection_use: Use, context: &AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Recursive
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. } => true,
        AuthAction::Function { function_name } => {
            !OUTSIDE.iter().any(|name| name.eq_ignore_ascii_case(function_name))
        }
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } => connection_use == Use::Schema || !is_internal(table_name),
        // `quick_check` is what ALTER TABLE ADD COLUMN itself runs to prove a CHECK on the rows there are; a plan that drops a
        // circle of tables puts its foreign keys off to the COMMIT.
        AuthAction::Pragma { pragma_name, pragma_value } => match connection_use {
            Use::Data => pragma_name == "user_version" && pragma_value.is_none(),
            Use::Schema => matches!(pragma_name, "user_version" | "quick_check" | "defer_foreign_keys"),
            Use::Ours => true,
        },
        AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::AlterTable { .. }
        | AuthAction::Reindex { .. } => connection_use != Use::Data,
        // ATTACH, DETACH, views, triggers, virtual and temporary tables: nothing here makes them.
        _ => connection_use == Use::Ours && !matches!(context.action, AuthAction::Attach { .. }),
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}
