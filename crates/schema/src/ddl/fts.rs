//! The SQL of full-text search: an FTS5 table over columns of a template's table, which keeps no text of its own, and the
//! triggers that keep it in step. They fire for cascades and upserts too; only REPLACE would pass them by, and nothing writes it.

use super::{quote, string_literal};
use crate::template::{Fts, Table};

/// The name of the FTS5 table over a table: `_atomicbase_fts(tasks)`. Its parentheses keep it and the tables that FTS5 makes for
/// it apart from every name that a template can give.
#[must_use]
pub fn fts_table_name(table: &str) -> String {
    format!("_atomicbase_fts({table})")
}

/// The FTS5 table and its triggers, for a table without rows.
pub(crate) fn create_fts(table: &Table, fts: &Fts) -> [String; 4] {
    let [insert, delete, update] = create_triggers(table, fts);
    [create_index(table, fts), insert, delete, update]
}

/// Reads the rows that are there into the FTS5 table.
pub(crate) fn fill_fts(table: &str) -> String {
    let name = quote(&fts_table_name(table));
    format!("INSERT INTO {name} ({name}) VALUES ('rebuild')")
}

/// The triggers go first: a table whose triggers write to what is not there can be neither written nor altered.
pub(crate) fn drop_fts(table: &str) -> [String; 4] {
    let trigger = |event: &str| format!("DROP TRIGGER {}", trigger_name(table, event));
    let index = format!("DROP TABLE {}", quote(&fts_table_name(table)));
    [trigger("insert"), trigger("delete"), trigger("update"), index]
}

/// FTS5 takes what stands in quotes before an `=` for a column, whatever its name.
fn create_index(table: &Table, fts: &Fts) -> String {
    let mut options: Vec<String> = fts.columns.iter().map(|column| quote(column)).collect();
    options.push(format!("content={}", string_literal(&table.name)));
    options.push(format!("content_rowid={}", string_literal(table.rowid_alias())));
    options.extend(fts.tokenize.as_ref().map(|tokenize| format!("tokenize={}", string_literal(tokenize))));
    format!("CREATE VIRTUAL TABLE {} USING fts5({})", quote(&fts_table_name(&table.name)), options.join(", "))
}

/// A row leaves the index by the very text with which it came: FTS5 cannot look it up, the table holds the new text by then.
fn create_triggers(table: &Table, fts: &Fts) -> [String; 3] {
    let index = quote(&fts_table_name(&table.name));
    let columns: Vec<String> = fts.columns.iter().map(|column| quote(column)).collect();
    let rowid = table.rowid_alias();
    let names = columns.join(", ");
    let of = |row: &str| columns.iter().map(|column| format!(", {row}.{column}")).collect::<String>();
    let enter = format!("INSERT INTO {index} (rowid, {names}) VALUES (new.{rowid}{});", of("new"));
    let leave =
        format!("INSERT INTO {index} ({index}, rowid, {names}) VALUES ('delete', old.{rowid}{});", of("old"));
    // A collation would call texts equal whose words are not.
    let differs = columns.iter().map(|column| format!(" OR old.{column} IS NOT new.{column} COLLATE BINARY"));
    let changed = format!("old.{rowid} IS NOT new.{rowid}{}", differs.collect::<String>());
    let trigger = |event: &str, when: &str, body: &str| {
        let name = trigger_name(&table.name, event);
        let event = event.to_ascii_uppercase();
        format!("CREATE TRIGGER {name} AFTER {event} ON {}{when} BEGIN\n  {body}\nEND", quote(&table.name))
    };
    [
        trigger("insert", "", &enter),
        trigger("delete", "", &leave),
        trigger("update", &format!("\nWHEN {changed}"), &format!("{leave}\n  {enter}")),
    ]
}

fn trigger_name(table: &str, event: &str) -> String {
    quote(&format!("{}_{event}", fts_table_name(table)))
}
