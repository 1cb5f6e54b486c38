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

/// How every full-text index of a template's table is named, with its triggers and what FTS5 keeps for it.
const SEARCH: &str = "_atomicbase_fts(";

/// What FTS5 keeps for an index of ours.
const SHADOWS: [&str; 4] = [")_data", ")_idx", ")_docsize", ")_config"];

fn starts_with(name: &str, prefix: &str) -> bool {
    name.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// Tables that hold what the engine itself knows.
fn is_internal(table: &str) -> bool {
    starts_with(table, "sqlite_") || starts_with(table, "_atomicbase")
}

/// Whether a write of rows may touch the table. An index is written by the triggers of its table alone. What FTS5 keeps for it is
/// written by statements of FTS5, which cannot be told from others here; a connection is DEFENSIVE, and then SQLite itself
/// refuses any statement that writes there and was not prepared inside another.
fn takes_rows(table: &str, trigger: Option<&str>) -> bool {
    if starts_with(table, SEARCH) {
        return SHADOWS.iter().any(|shadow| table.ends_with(shadow))
            || trigger.is_some_and(|trigger| starts_with(trigger, SEARCH));
    }
    !is_internal(table)
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
        | AuthAction::Update { table_name, .. } => {
            connection_use == Use::Schema || takes_rows(table_name, context.accessor)
        }
        // `quick_check` is what ALTER TABLE ADD COLUMN itself runs to prove a CHECK on the rows there are; a plan that drops a
        // circle of tables puts its foreign keys off to the COMMIT. `data_version` is how FTS5 sees that others have written.
        AuthAction::Pragma { pragma_name, pragma_value } => match connection_use {
            Use::Data => matches!(pragma_name, "user_version" | "data_version") && pragma_value.is_none(),
            Use::Schema => {
                matches!(pragma_name, "user_version" | "data_version" | "quick_check" | "defer_foreign_keys")
            }
            Use::Ours => true,
        },
        AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::AlterTable { .. }
        | AuthAction::Reindex { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::DropTrigger { .. } => connection_use != Use::Data,
        AuthAction::CreateVtable { module_name, .. } | AuthAction::DropVtable { module_name, .. } => {
            connection_use == Use::Ours || (connection_use == Use::Schema && module_name == "fts5")
        }
        // ATTACH, DETACH, views and temporary tables: nothing here makes them.
        _ => connection_use == Use::Ours && !matches!(context.action, AuthAction::Attach { .. }),
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}
