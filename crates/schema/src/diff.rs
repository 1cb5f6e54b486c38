//! What differs between two templates, each difference named. Renames are only what a template says; nothing is guessed.
//! The order of columns is no difference, and a new or dropped table is one change whatever it holds.

use serde::{Deserialize, Serialize};

use crate::change::{Change, ChangeKind};
use crate::fault::shown;
use crate::policy::Policies;
use crate::template::{
    Column, ColumnType, DefaultValue, Fts, Generated, Index, Reference, ReferenceAction, Table, Template,
};

/// Everything that differs between two templates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// The changes: table by table in the order of the new template, dropped tables last.
    pub changes: Vec<Change>,
}

impl Diff {
    /// Whether any change can lose data.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.changes.iter().any(|change| change.destructive)
    }

    /// Whether the templates are the same to a database.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The changes that lead from `old` (nothing, for a first version) to `new`.
#[must_use]
pub fn diff(old: Option<&Template>, new: &Template) -> Diff {
    let old_tables = old.map_or(&[][..], |old| old.tables.as_slice());
    let mut changes = Vec::new();
    let mut kept = Vec::new();
    for table in &new.tables {
        let before =
            Before::find(old_tables, &table.name, table.renamed_from.as_deref(), |table| &table.name);
        if let Some(other) = before.other {
            let what = format!("table {} → {} (both exist)", other.name, table.name);
            changes.push(Change::new(ChangeKind::RenameTable, &table.name, &other.name, what));
        }
        match before.same {
            None => add_table(table, &mut changes),
            Some(before) => {
                kept.push(before.name.as_str());
                compare_tables(before, table, &mut changes);
            }
        }
    }
    for table in old_tables.iter().filter(|table| !kept.contains(&table.name.as_str())) {
        let what = format!("table {}", table_summary(table));
        changes.push(Change::new(ChangeKind::DropTable, &table.name, &table.name, what));
    }
    compare_policies(old.and_then(|old| old.policies.as_ref()), new.policies.as_ref(), &mut changes);
    Diff { changes }
}

/// What a table or column was in the old template.
struct Before<'a, T> {
    /// The thing itself: by its name, else by the name it says it had.
    same: Option<&'a T>,
    /// The thing by the name it says it had, where its own name is taken by another: a contradiction.
    other: Option<&'a T>,
}

impl<'a, T> Before<'a, T> {
    /// SQLite's names ignore case, so a name that changes its case is a rename, never a drop.
    fn find(
        before: &'a [T],
        name: &str,
        renamed_from: Option<&str>,
        name_of: impl Fn(&T) -> &String,
    ) -> Self {
        let by_name = |name: &str| before.iter().find(|item| name_of(item).eq_ignore_ascii_case(name));
        let old_name = renamed_from.filter(|old| !old.eq_ignore_ascii_case(name)).and_then(by_name);
        match by_name(name) {
            None => Self { same: old_name, other: None },
            same => Self { same, other: old_name },
        }
    }
}

/// A new table is one change, but full-text search is told apart: it is more than a table.
fn add_table(table: &Table, changes: &mut Vec<Change>) {
    let what = format!("table {}", table_summary(table));
    changes.push(Change::new(ChangeKind::AddTable, &table.name, &table.name, what));
    if table.fts.is_some() {
        changes.push(fts_change(ChangeKind::AddFts, table, table.fts.as_ref()));
    }
}

fn compare_tables(old: &Table, new: &Table, changes: &mut Vec<Change>) {
    if old.name != new.name {
        let what = format!("table {} → {}", old.name, new.name);
        changes.push(Change::new(ChangeKind::RenameTable, &new.name, &old.name, what));
    }
    let mut kept = Vec::new();
    for column in &new.columns {
        let before = Before::find(&old.columns, &column.name, column.renamed_from.as_deref(), |c| &c.name);
        if let Some(other) = before.other {
            let what = format!("{0}.{1} → {0}.{2} (both exist)", new.name, other.name, column.name);
            changes.push(Change::new(ChangeKind::RenameColumn, &new.name, &column.name, what));
        }
        match before.same {
            None => changes.push(column_change(ChangeKind::AddColumn, new, column)),
            Some(before) => {
                kept.push(before.name.as_str());
                compare_columns(new, before, column, changes);
            }
        }
    }
    for column in old.columns.iter().filter(|column| !kept.contains(&column.name.as_str())) {
        changes.push(column_change(ChangeKind::DropColumn, new, column));
    }
    compare_keys(old, new, changes);
    compare_unique(old, new, changes);
    compare_indexes(old, new, changes);
    for check in old.checks.iter().filter(|check| !new.checks.contains(check)) {
        let what = format!("check on {} ({})", new.name, shown(check));
        changes.push(Change::new(ChangeKind::DropCheck, &new.name, check, what));
    }
    for check in new.checks.iter().filter(|check| !old.checks.contains(check)) {
        let what = format!("check on {} ({})", new.name, shown(check));
        changes.push(Change::new(ChangeKind::AddCheck, &new.name, check, what));
    }
    match (&old.fts, &new.fts) {
        (None, Some(fts)) => changes.push(fts_change(ChangeKind::AddFts, new, Some(fts))),
        (Some(fts), None) => changes.push(fts_change(ChangeKind::DropFts, new, Some(fts))),
        (Some(before), Some(fts)) if before != fts => {
            changes.push(fts_change(ChangeKind::ChangeFts, new, Some(fts)));
        }
        _ => {}
    }
}

fn compare_columns(table: &Table, old: &Column, new: &Column, changes: &mut Vec<Change>) {
    let path = format!("{}.{}", table.name, new.name);
    let mut add = |kind, what: String, destructive| {
        changes.push(Change::new(kind, &table.name, &new.name, what).losing(destructive));
    };
    if old.name != new.name {
        add(ChangeKind::RenameColumn, format!("{}.{} → {path}", table.name, old.name), false);
    }
    if old.column_type != new.column_type {
        let what = format!("{path} type {} → {}", type_summary(old), type_summary(new));
        add(ChangeKind::ChangeType, what, type_change_loses(old.column_type, new.column_type));
    }
    if old.not_null != new.not_null && !table.in_primary_key(&new.name) {
        let what = if new.not_null { "NULL → NOT NULL" } else { "NOT NULL → NULL" };
        add(ChangeKind::ChangeNotNull, format!("{path} {what}"), false);
    }
    let mut differs = |kind, word, before: Option<String>, after: Option<String>, destructive| {
        if before != after {
            let or_none = |value: Option<String>| value.map_or("none".to_owned(), |text| shown(&text));
            add(kind, format!("{path} {word} {} → {}", or_none(before), or_none(after)), destructive);
        }
    };
    let default = |column: &Column| column.default.as_ref().map(default_summary);
    differs(ChangeKind::ChangeDefault, "default", default(old), default(new), false);
    let references = |column: &Column| column.references.as_ref().map(reference_summary);
    differs(ChangeKind::ChangeReferences, "references", references(old), references(new), false);
    differs(ChangeKind::ChangeCheck, "check", old.check.clone(), new.check.clone(), false);
    differs(ChangeKind::ChangeCollate, "collate", old.collate.clone(), new.collate.clone(), false);
    let generated = |column: &Column| column.generated.as_ref().map(generated_summary);
    let overwrites = old.generated.is_none();
    differs(ChangeKind::ChangeGenerated, "generated", generated(old), generated(new), overwrites);
    let values = |column: &Column| column.enum_values.as_ref().map(|values| enum_summary(values));
    differs(ChangeKind::ChangeEnum, "enum", values(old), values(new), enum_change_loses(old, new));
}

fn compare_keys(old: &Table, new: &Table, changes: &mut Vec<Change>) {
    if old.primary_key != new.primary_key {
        let (before, after) = (old.primary_key.join(", "), new.primary_key.join(", "));
        let what = format!("{} primary key ({before}) → ({after})", new.name);
        changes.push(Change::new(ChangeKind::ChangePrimaryKey, &new.name, "primary_key", what));
    }
    if old.auto_increment != new.auto_increment {
        let state = if new.auto_increment { "off → on" } else { "on → off" };
        let what = format!("{} auto-increment {state}", new.name);
        changes.push(Change::new(ChangeKind::ChangeAutoIncrement, &new.name, "auto_increment", what));
    }
}

fn compare_unique(old: &Table, new: &Table, changes: &mut Vec<Change>) {
    let change = |kind, columns: &[String]| {
        let what = format!("unique {}({})", new.name, columns.join(", "));
        Change::new(kind, &new.name, &columns.join(","), what)
    };
    let dropped = old.unique.iter().filter(|columns| !new.unique.contains(columns));
    changes.extend(dropped.map(|columns| change(ChangeKind::DropUnique, columns)));
    let added = new.unique.iter().filter(|columns| !old.unique.contains(columns));
    changes.extend(added.map(|columns| change(ChangeKind::AddUnique, columns)));
}

/// An index cannot be altered, so one that differs is dropped and made again.
fn compare_indexes(old: &Table, new: &Table, changes: &mut Vec<Change>) {
    let change = |kind, index: &Index| {
        let unique = if index.unique { "unique " } else { "" };
        let filter = index.filter.as_ref().map(|sql| format!(" where {}", shown(sql))).unwrap_or_default();
        let what = format!("{unique}{} on {}({}){filter}", index.name, new.name, index.columns.join(", "));
        Change::new(kind, &new.name, &index.name, what)
    };
    let dropped = old.indexes.iter().filter(|index| !new.indexes.contains(index));
    changes.extend(dropped.map(|index| change(ChangeKind::DropIndex, index)));
    let added = new.indexes.iter().filter(|index| !old.indexes.contains(index));
    changes.extend(added.map(|index| change(ChangeKind::AddIndex, index)));
}

fn compare_policies(old: Option<&Policies>, new: Option<&Policies>, changes: &mut Vec<Change>) {
    let none = Policies::default();
    let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
    let change = |kind, table: &str| Change::new(kind, table, "policies", format!("policies of {table}"));
    for (table, policies) in &new.0 {
        match old.table(table) {
            None => changes.push(change(ChangeKind::AddPolicies, table)),
            Some(before) if before != policies => changes.push(change(ChangeKind::ChangePolicies, table)),
            Some(_) => {}
        }
    }
    let dropped = old.0.keys().filter(|table| new.table(table).is_none());
    changes.extend(dropped.map(|table| change(ChangeKind::DropPolicies, table)));
}

fn column_change(kind: ChangeKind, table: &Table, column: &Column) -> Change {
    let what = format!("{}.{} ({})", table.name, column.name, type_summary(column));
    Change::new(kind, &table.name, &column.name, what)
}

fn fts_change(kind: ChangeKind, table: &Table, fts: Option<&Fts>) -> Change {
    let columns = fts.map(|fts| fts.columns.join(", ")).unwrap_or_default();
    Change::new(kind, &table.name, "fts", format!("full-text search on {}({columns})", table.name))
}

fn table_summary(table: &Table) -> String {
    match table.columns.len() {
        1 => format!("{} (1 column)", table.name),
        count => format!("{} ({count} columns)", table.name),
    }
}

fn type_summary(column: &Column) -> String {
    column.column_type.as_str().to_ascii_uppercase()
}

fn default_summary(default: &DefaultValue) -> String {
    match default {
        DefaultValue::Value(value) => value.to_string(),
        DefaultValue::Sql(sql) => format!("({sql})"),
    }
}

fn reference_summary(reference: &Reference) -> String {
    let mut summary = format!("{}.{}", reference.table, reference.column);
    for (event, action) in [("delete", reference.on_delete), ("update", reference.on_update)] {
        if action != ReferenceAction::NoAction {
            summary += &format!(" on {event} {}", action.as_sql());
        }
    }
    summary
}

fn generated_summary(generated: &Generated) -> String {
    format!("({}) {}", generated.sql, if generated.stored { "stored" } else { "virtual" })
}

/// The values in one order: which comes first makes no difference to a database.
fn enum_summary(values: &[String]) -> String {
    let mut values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    values.sort();
    values.join(", ")
}

/// Whether a value of the old type may have no equal in the new one. The same storage keeps every value; one that breaks the
/// new type's rule makes the change fail instead.
fn type_change_loses(old: ColumnType, new: ColumnType) -> bool {
    let to_text = old.sql_type() == "INTEGER" && new.sql_type() == "TEXT";
    old.sql_type() != new.sql_type() && !to_text
}

fn enum_change_loses(old: &Column, new: &Column) -> bool {
    match (&old.enum_values, &new.enum_values) {
        (Some(before), Some(after)) => before.iter().any(|value| !after.contains(value)),
        _ => false,
    }
}
