//! The rules of a template: names, keys, indexes and what refers to what. Columns by themselves are in `column`.
//! SQL is only looked at word by word; whether SQLite takes it is proved elsewhere.

mod column;
mod identifier;

use std::collections::{HashMap, HashSet};

use crate::expression::check_expression;
use crate::fault::{Faults, join, shown, suggestion};
use crate::parse::{FORMAT, MAX_TEMPLATE_BYTES};
use crate::policy::RolePolicy;
use crate::template::{ColumnType, Fts, ROWID_ALIASES, ReferenceAction, Table, Template};
use atomicbase_core::{FieldError, check_slug};
use identifier::check_identifier;

/// Most tables of a template.
pub const MAX_TABLES: usize = 500;
/// Most columns of a table.
pub const MAX_COLUMNS: usize = 500;
/// Most checks of a table, those of its columns not counted.
pub const MAX_CHECKS: usize = 64;
/// Most values of an enum.
pub const MAX_ENUM_VALUES: usize = 1_000;
/// Most indexes of a table, unique sets of columns included.
pub const MAX_INDEXES: usize = 64;

impl Template {
    /// Checks every rule of a template in canonical form.
    ///
    /// # Errors
    /// Every fault with its path, at most a hundred.
    pub fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut faults = Faults::default();
        if self.format != FORMAT {
            faults.add("format", "this version of Atomicbase reads format 1");
        }
        if let Err(error) = check_slug(&self.name) {
            faults.add("name", error.to_string());
        }
        if self.tables.len() > MAX_TABLES {
            faults.add("tables", format!("a template has at most {MAX_TABLES} tables"));
            return faults.or(());
        }
        if self.to_json().len() > MAX_TEMPLATE_BYTES {
            faults.add("", "a template has at most 1 MiB of JSON");
        }
        self.check_names(&mut faults);
        for (t, table) in self.tables.iter().enumerate() {
            if faults.is_full() {
                break;
            }
            let path = format!("tables[{t}]");
            check_table(table, &path, &mut faults);
            self.check_references(table, &path, &mut faults);
        }
        self.check_policies(&mut faults);
        faults.or(())
    }

    /// Tables and indexes share one space of names in SQLite, whatever their case.
    fn check_names(&self, faults: &mut Faults) {
        let mut seen: HashMap<String, String> = HashMap::new();
        let mut claim = |name: &str, path: String, faults: &mut Faults| {
            check_identifier(name, &path, faults);
            match seen.get(&name.to_ascii_lowercase()) {
                Some(first) => {
                    faults.add(path, format!("the name `{}` is taken by {first}", shown(name)));
                }
                None => {
                    seen.insert(name.to_ascii_lowercase(), path);
                }
            }
        };
        for (t, table) in self.tables.iter().enumerate() {
            claim(&table.name, format!("tables[{t}].name"), faults);
        }
        for (t, table) in self.tables.iter().enumerate() {
            for (i, index) in table.indexes.iter().enumerate() {
                claim(&index.name, format!("tables[{t}].indexes[{i}].name"), faults);
            }
        }
    }

    fn check_references(&self, table: &Table, path: &str, faults: &mut Faults) {
        for (c, column) in table.columns.iter().enumerate() {
            let Some(reference) = &column.references else { continue };
            if faults.is_full() {
                break;
            }
            let path = format!("{path}.columns[{c}].references");
            let Some(target) = self.table(&reference.table) else {
                let hint = suggestion(&reference.table, self.tables.iter().map(|table| table.name.as_str()));
                faults.add(format!("{path}.table"), format!("no table `{}`{hint}", shown(&reference.table)));
                continue;
            };
            let Some(key) = target.column(&reference.column) else {
                let hint =
                    suggestion(&reference.column, target.columns.iter().map(|column| column.name.as_str()));
                let message = format!("no column `{}` in `{}`{hint}", shown(&reference.column), target.name);
                faults.add(format!("{path}.column"), message);
                continue;
            };
            let alone = |columns: &[String]| columns == [key.name.as_str()];
            if !alone(&target.primary_key) && !target.unique.iter().any(|columns| alone(columns)) {
                let message = format!(
                    "`{}.{}` is neither the primary key nor unique by itself; make it `.unique()`",
                    target.name, key.name
                );
                faults.add(format!("{path}.column"), message);
            }
            if key.sql_type() != column.sql_type() {
                let message = format!(
                    "`{}` is {} but `{}.{}` is {}: their values never match",
                    column.name,
                    column.column_type.as_str(),
                    target.name,
                    key.name,
                    key.column_type.as_str()
                );
                faults.add(path.clone(), message);
            }
            for (field, action) in [("on_delete", reference.on_delete), ("on_update", reference.on_update)] {
                if action == ReferenceAction::SetNull && table.refuses_null(column) {
                    faults.add(format!("{path}.{field}"), "SET NULL needs a column that accepts NULL");
                }
            }
        }
    }

    fn check_policies(&self, faults: &mut Faults) {
        for (name, roles) in self.policies.iter().flat_map(|policies| &policies.0) {
            let path = format!("policies.{}", shown(name));
            let Some(table) = self.table(name) else {
                let hint = suggestion(name, self.tables.iter().map(|table| table.name.as_str()));
                faults.add(path, format!("there is no such table{hint}"));
                continue;
            };
            for (role, policy) in roles {
                let path = join(&path, &shown(role));
                if let Err(error) = check_slug(role) {
                    faults.add(&path, format!("a role's name: {error}"));
                }
                if let RolePolicy::Rules(rules) = policy {
                    check_hidden(table, &rules.hidden, &format!("{path}.hidden"), faults);
                }
            }
        }
    }
}

/// Rows are told apart by their key, in orders and cursors too, so that it cannot be hidden.
fn check_hidden(table: &Table, hidden: &[String], path: &str, faults: &mut Faults) {
    if hidden.is_empty() {
        return;
    }
    check_column_list(table, hidden, path, faults);
    for (i, name) in hidden.iter().enumerate().filter(|(_, name)| table.in_primary_key(name)) {
        faults
            .add(format!("{path}[{i}]"), format!("`{name}` is part of the primary key and cannot be hidden"));
    }
}

fn check_table(table: &Table, path: &str, faults: &mut Faults) {
    if table.columns.len() > MAX_COLUMNS {
        faults.add(format!("{path}.columns"), format!("a table has at most {MAX_COLUMNS} columns"));
        return;
    }
    if let Some(old_name) = &table.renamed_from {
        check_identifier(old_name, &format!("{path}.renamed_from"), faults);
    }
    check_column_names(table, path, faults);
    check_primary_key(table, path, faults);
    for (c, column) in table.columns.iter().enumerate() {
        column::check(table, column, &format!("{path}.columns[{c}]"), faults);
    }
    check_indexes(table, path, faults);
    if table.checks.len() > MAX_CHECKS {
        faults.add(format!("{path}.checks"), format!("a table has at most {MAX_CHECKS} checks"));
        return;
    }
    for (i, check) in table.checks.iter().enumerate() {
        check_sql(check, &format!("{path}.checks[{i}]"), faults);
        if table.checks[..i].contains(check) {
            faults.add(format!("{path}.checks[{i}]"), "this check is listed twice");
        }
    }
    if let Some(fts) = &table.fts {
        check_fts(table, fts, &format!("{path}.fts"), faults);
    }
}

fn check_column_names(table: &Table, path: &str, faults: &mut Faults) {
    let mut seen = HashMap::new();
    for (c, column) in table.columns.iter().enumerate() {
        let path = format!("{path}.columns[{c}].name");
        check_identifier(&column.name, &path, faults);
        let name = column.name.to_ascii_lowercase();
        if ["or", "and", "not"].contains(&name.as_str()) {
            faults.add(&path, format!("`{}` is a word of the query language", column.name));
        }
        if let Some(first) = seen.insert(name, c) {
            let message = format!("the name `{}` is taken by columns[{first}]", shown(&column.name));
            faults.add(&path, message);
        }
    }
    if ROWID_ALIASES.iter().all(|alias| seen.contains_key(*alias)) {
        let message = "`rowid`, `_rowid_` and `oid` are all taken; one must stay free for the row's number";
        faults.add(format!("{path}.columns"), message);
    }
}

fn check_primary_key(table: &Table, path: &str, faults: &mut Faults) {
    let key_path = format!("{path}.primary_key");
    if table.primary_key.is_empty() {
        faults.add(
            &key_path,
            format!("`{}` has no primary key; give it one column or more", shown(&table.name)),
        );
        return;
    }
    check_column_list(table, &table.primary_key, &key_path, faults);
    for (i, name) in table.primary_key.iter().enumerate() {
        if table.column(name).is_some_and(|column| column.generated.is_some()) {
            faults.add(format!("{key_path}[{i}]"), "a generated column cannot be part of a primary key");
        }
    }
    let integer_key = table.is_rowid_key()
        && table
            .columns
            .iter()
            .any(|c| table.in_primary_key(&c.name) && c.column_type == ColumnType::Integer);
    if table.auto_increment && !integer_key {
        let message = "only a primary key of one integer column can auto-increment";
        faults.add(format!("{path}.auto_increment"), message);
    }
}

fn check_indexes(table: &Table, path: &str, faults: &mut Faults) {
    if table.indexes.len() + table.unique.len() > MAX_INDEXES {
        faults.add(
            format!("{path}.indexes"),
            format!("a table has at most {MAX_INDEXES} indexes and unique sets"),
        );
        return;
    }
    for (u, columns) in table.unique.iter().enumerate() {
        let path = format!("{path}.unique[{u}]");
        check_column_list(table, columns, &path, faults);
        if table.unique[..u].contains(columns) {
            faults.add(path, "these columns are listed twice");
        }
    }
    for (i, index) in table.indexes.iter().enumerate() {
        check_column_list(table, &index.columns, &format!("{path}.indexes[{i}].columns"), faults);
        if let Some(filter) = &index.filter {
            check_sql(filter, &format!("{path}.indexes[{i}].where"), faults);
        }
    }
}

/// Columns that every FTS5 table has.
const FTS5_NAMES: [&str; 2] = ["rank", "rowid"];

fn check_fts(table: &Table, fts: &Fts, path: &str, faults: &mut Faults) {
    check_column_list(table, &fts.columns, &format!("{path}.columns"), faults);
    for (i, name) in fts.columns.iter().enumerate() {
        if table.column(name).is_some_and(|column| column.column_type != ColumnType::Text) {
            faults.add(format!("{path}.columns[{i}]"), "full-text search reads columns of type text only");
        }
        if FTS5_NAMES.iter().any(|taken| name.eq_ignore_ascii_case(taken)) {
            faults.add(
                format!("{path}.columns[{i}]"),
                format!("SQLite's search has a column `{name}` of its own"),
            );
        }
    }
    let wrong = |text: &String| text.is_empty() || text.len() > 200 || text.contains(char::is_control);
    if fts.tokenize.as_ref().is_some_and(wrong) {
        let message = "a tokenizer is at most 200 bytes on one line, such as `porter unicode61`";
        faults.add(format!("{path}.tokenize"), message);
    }
}

/// Columns of the table, at least one, none twice.
fn check_column_list(table: &Table, columns: &[String], path: &str, faults: &mut Faults) {
    if columns.is_empty() {
        faults.add(path, "expected at least one column");
    }
    let mut seen = HashSet::new();
    for (i, name) in columns.iter().enumerate() {
        // Looking for what was meant costs more than anything else here.
        if faults.is_full() {
            break;
        }
        if table.column(name).is_none() {
            let hint = suggestion(name, table.columns.iter().map(|column| column.name.as_str()));
            faults.add(format!("{path}[{i}]"), format!("no column `{}`{hint}", shown(name)));
        } else if !seen.insert(name) {
            faults.add(format!("{path}[{i}]"), format!("`{name}` is listed twice"));
        }
    }
}

fn check_sql(sql: &str, path: &str, faults: &mut Faults) {
    if let Err(error) = check_expression(sql) {
        faults.add(path, error.to_string());
    }
}
