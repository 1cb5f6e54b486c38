//! The SQL steps from one template to the next, for as much as SQLite can alter in place. What would need its table rebuilt is
//! refused by name, together, before anything runs.

use serde::{Deserialize, Serialize};

use crate::change::{Change, ChangeKind};
use crate::ddl;
use crate::diff::diff;
use crate::drops::{DropStatements, DroppedIndex, Drops};
use crate::expression::is_blob_literal;
use crate::order::added_column_order;
use crate::template::{Column, DefaultValue, ROWID_ALIASES, Table, Template};

/// The way of a database from one template to the next. Its steps run in order in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What runs.
    pub steps: Vec<Step>,
    /// What it amounts to.
    pub changes: Vec<Change>,
    /// Whether data can be lost.
    pub destructive: bool,
}

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The SQL: one statement without parameters.
    pub sql: String,
}

/// Changes that this version of Atomicbase does not make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("this version of Atomicbase does not make {} of these changes", .refused.len())]
pub struct Unsupported {
    /// Each refused change; the others of the same diff would have been made.
    pub refused: Vec<Change>,
}

/// Plans the way from `old` (nothing, for an empty database) to `new`.
///
/// Both templates are valid. A step may still fail on a database's rows: a unique set or a check that they break. The
/// transaction then leaves the database as it was.
///
/// # Errors
/// The changes that need a table rebuilt, or that this version does not make at all.
pub fn plan(old: Option<&Template>, new: &Template) -> Result<Plan, Unsupported> {
    let empty = Template { format: new.format, name: new.name.clone(), tables: Vec::new(), policies: None };
    let difference = diff(old, new);
    let mut work = Work::new(old.unwrap_or(&empty), new);
    let mut refused = Vec::new();
    for change in &difference.changes {
        if !work.take(change) {
            refused.push(change.clone());
        }
    }
    let steps = work.steps();
    let stuck = |change: &&Change| work.stuck.contains(&(change.kind, &change.table, &change.name));
    refused.extend(difference.changes.iter().filter(stuck).cloned());
    if !refused.is_empty() {
        return Err(Unsupported { refused });
    }
    Ok(Plan { steps, destructive: difference.is_destructive(), changes: difference.changes })
}

/// What has to be done, sorted by kind of statement.
struct Work<'a> {
    old: &'a Template,
    new: &'a Template,
    drops: Drops<'a>,
    added_tables: Vec<&'a Table>,
    added_columns: Vec<(&'a Table, Vec<&'a Column>)>,
    added_indexes: Vec<String>,
    dropped_fts: Vec<String>,
    added_fts: Vec<String>,
    /// Columns that no order of steps can add or drop.
    stuck: Vec<(ChangeKind, &'a str, &'a str)>,
}

impl<'a> Work<'a> {
    fn new(old: &'a Template, new: &'a Template) -> Self {
        Self {
            old,
            new,
            drops: Drops::default(),
            added_tables: Vec::new(),
            added_columns: Vec::new(),
            added_indexes: Vec::new(),
            dropped_fts: Vec::new(),
            added_fts: Vec::new(),
            stuck: Vec::new(),
        }
    }

    /// Notes what a change needs; `false` where this version does not make it.
    fn take(&mut self, change: &Change) -> bool {
        match change.kind {
            ChangeKind::AddTable => self.added_tables.extend(self.new.table(&change.table)),
            ChangeKind::DropTable => self.drops.tables.extend(self.old.table(&change.table)),
            // Requests are compiled with them; a database holds nothing of them.
            ChangeKind::AddPolicies | ChangeKind::DropPolicies | ChangeKind::ChangePolicies => {}
            kind if !is_made_in_place(kind) => return false,
            _ => {
                if let (Some(old), Some(new)) = (self.old.table(&change.table), self.new.table(&change.table))
                {
                    return self.take_in_table(change, old, new);
                }
                // The table is renamed, which is refused already, or new, and comes with its search.
            }
        }
        true
    }

    fn take_in_table(&mut self, change: &Change, old: &'a Table, new: &'a Table) -> bool {
        let name = change.name.as_str();
        match change.kind {
            ChangeKind::AddColumn => {
                let Some(column) = new.column(name).filter(|column| can_add(new, column)) else {
                    return false;
                };
                push_to(&mut self.added_columns, new, column);
            }
            ChangeKind::DropColumn => {
                let Some(column) = old.column(name).filter(|column| can_drop(old, column)) else {
                    return false;
                };
                push_to(&mut self.drops.columns, new, column);
            }
            ChangeKind::AddUnique => {
                let columns = new.unique.iter().find(|columns| columns.join(",") == name);
                self.added_indexes.extend(columns.map(|columns| ddl::create_unique(new, columns)));
            }
            ChangeKind::DropUnique => {
                let columns = old.unique.iter().find(|columns| columns.join(",") == name);
                self.drops.indexes.extend(columns.map(|columns| DroppedIndex::unique(old, columns)));
            }
            ChangeKind::AddIndex => {
                let index = new.indexes.iter().find(|index| index.name == name);
                self.added_indexes.extend(index.map(|index| ddl::create_index(new, index)));
            }
            ChangeKind::DropIndex => {
                let index = old.indexes.iter().find(|index| index.name == name);
                self.drops.indexes.extend(index.map(|index| DroppedIndex::named(old, index)));
            }
            ChangeKind::AddFts => self.add_fts(new),
            ChangeKind::DropFts => self.dropped_fts.extend(ddl::drop_fts(&old.name)),
            ChangeKind::ChangeFts => {
                self.dropped_fts.extend(ddl::drop_fts(&old.name));
                self.add_fts(new);
            }
            _ => {}
        }
        true
    }

    /// Search over a table that is there, with its rows.
    fn add_fts(&mut self, table: &Table) {
        if let Some(fts) = &table.fts {
            self.added_fts.extend(ddl::create_fts(table, fts));
            self.added_fts.push(ddl::fill_fts(&table.name));
        }
    }

    /// The statements in an order in which each finds what it needs: everything goes before anything comes, so that names
    /// are free, and columns come after the tables they refer to. Search goes before all else and comes after it: a column
    /// that a trigger mentions cannot be dropped, and a row that a dropped table's deletion reaches would be written to an index.
    fn steps(&mut self) -> Vec<Step> {
        let mut sql = std::mem::take(&mut self.dropped_fts);
        let searched = self.drops.tables.iter().filter(|table| table.fts.is_some());
        sql.extend(searched.flat_map(|table| ddl::drop_fts(&table.name)));
        let DropStatements { sql: mut drops, stuck } = self.drops.statements();
        sql.append(&mut drops);
        let stuck =
            stuck.into_iter().map(|(table, column)| (ChangeKind::DropColumn, &*table.name, &*column.name));
        self.stuck.extend(stuck);
        for table in &self.added_tables {
            sql.push(ddl::create_table(table));
            let unique = table.unique.iter().map(|columns| ddl::create_unique(table, columns));
            let named = table.indexes.iter().map(|index| ddl::create_index(table, index));
            self.added_indexes.extend(unique.chain(named));
            self.added_fts.extend(table.fts.iter().flat_map(|fts| ddl::create_fts(table, fts)));
        }
        for (table, columns) in &self.added_columns {
            let order = added_column_order(columns);
            sql.extend(order.ordered.iter().map(|column| ddl::add_column(table, column)));
            let stuck = order.stuck.iter().map(|column| (ChangeKind::AddColumn, &*table.name, &*column.name));
            self.stuck.extend(stuck);
        }
        sql.append(&mut self.added_indexes);
        sql.append(&mut self.added_fts);
        sql.into_iter().map(|sql| Step { sql }).collect()
    }
}

/// Changes inside a table that SQLite can make without rebuilding it, some of them not for every column.
fn is_made_in_place(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::AddColumn
            | ChangeKind::DropColumn
            | ChangeKind::AddUnique
            | ChangeKind::DropUnique
            | ChangeKind::AddIndex
            | ChangeKind::DropIndex
            | ChangeKind::AddFts
            | ChangeKind::DropFts
            | ChangeKind::ChangeFts
    )
}

fn push_to<'a>(groups: &mut Vec<(&'a Table, Vec<&'a Column>)>, table: &'a Table, column: &'a Column) {
    match groups.last_mut() {
        Some((last, columns)) if last.name == table.name => columns.push(column),
        _ => groups.push((table, vec![column])),
    }
}

/// Whether ALTER TABLE ADD COLUMN takes the column while the table has rows.
///
/// It takes checks too and tries them on every row, so an enum or a check fails only where the default breaks it.
fn can_add(table: &Table, column: &Column) -> bool {
    if table.in_primary_key(&column.name) || is_rowid_alias(&column.name) || column.backfill.is_some() {
        return false;
    }
    if let Some(generated) = &column.generated {
        return !generated.stored;
    }
    match &column.default {
        // Every row would get the NULL that the column refuses.
        None => !column.not_null,
        // Every row would refer to the default, and SQLite does not look whether that exists.
        Some(_) if column.references.is_some() => false,
        Some(DefaultValue::Value(_)) => true,
        // A default that is computed would be computed once for all rows; only a constant is taken.
        Some(DefaultValue::Sql(sql)) => is_blob_literal(sql),
    }
}

/// Whether ALTER TABLE DROP COLUMN takes the column once its indexes are gone. What else mentions it is seen when the columns
/// are put in order.
fn can_drop(table: &Table, column: &Column) -> bool {
    !table.in_primary_key(&column.name) && !is_rowid_alias(&column.name)
}

/// SQLite adds and drops no column that hides the rowid.
fn is_rowid_alias(name: &str) -> bool {
    ROWID_ALIASES.iter().any(|alias| name.eq_ignore_ascii_case(alias))
}
