//! Rows while a statement changes them, and the rules of the schema that it may break.

use schema::{ColumnType, DefaultValue, ReferenceAction, Table, Template};
use serde_json::{Value, json};

use super::super::kind::Kind;
use super::super::world::{Rows, collides, complete};
use super::by_key;

pub(super) const UNIQUE: &str = "UNIQUE_VIOLATION";
pub(super) const FOREIGN_KEY: &str = "FOREIGN_KEY_VIOLATION";

/// A foreign key: whose column refers to which column of which table.
struct Reference<'t> {
    holder: &'t Table,
    column: &'t str,
    table: &'t str,
    key: &'t str,
    kind: Kind,
    on_delete: ReferenceAction,
    on_update: ReferenceAction,
}

pub(super) struct Change<'t> {
    template: &'t Template,
    pub rows: Rows,
    /// Codes of which one must refuse the statement.
    pub faults: Vec<&'static str>,
    /// Codes that may refuse it, depending on the order in which SQLite takes the rows.
    pub doubts: Vec<&'static str>,
}

pub(super) fn is_same(table: &Table, a: &Value, b: &Value) -> bool {
    by_key(table, a, b).is_eq()
}

/// The row that an insert makes of what is sent.
pub(super) fn filled(table: &Table, rows: &[Value], sent: &Value) -> Value {
    let cell = |column: &schema::Column| match (sent.get(&column.name), &column.default) {
        (Some(value), _) => value.clone(),
        (None, Some(DefaultValue::Value(value))) if column.column_type == ColumnType::Real => {
            json!(value.as_f64())
        }
        (None, Some(DefaultValue::Value(value))) => value.clone(),
        _ if table.is_rowid_key() && table.in_primary_key(&column.name) => {
            next_rowid(rows, &column.name).into()
        }
        _ => Value::Null,
    };
    complete(table, table.columns.iter().map(|column| (column.name.clone(), cell(column))).collect())
}

fn next_rowid(rows: &[Value], column: &str) -> i64 {
    rows.iter().map(|row| row[column].as_i64().unwrap()).max().map_or(1, |last| last + 1)
}

impl<'t> Change<'t> {
    pub(super) fn new(template: &'t Template, rows: &Rows) -> Self {
        Self { template, rows: rows.clone(), faults: Vec::new(), doubts: Vec::new() }
    }

    pub(super) fn of(&self, table: &Table) -> &[Value] {
        &self.rows[&table.name]
    }

    /// What a row must be by itself.
    pub(super) fn check(&mut self, table: &Table, row: &Value) {
        for column in &table.columns {
            let value = &row[&column.name];
            if value.is_null() && table.refuses_null(column) {
                self.faults.push("NOT_NULL_VIOLATION");
            }
            if column.check.is_some() && *value == 3 {
                self.faults.push("CHECK_VIOLATION");
            }
        }
        // Of a row that refers to itself SQLite compares the bytes, whatever the collation.
        let to_itself = |reference: Reference<'_>| {
            let (value, key) = (&row[reference.column], &row[reference.key]);
            reference.table == table.name && value != key && reference.kind.equals(value, key) == Some(true)
        };
        let mut own = references(self.template).filter(|reference| reference.holder.name == table.name);
        if own.any(to_itself) {
            self.doubts.push(FOREIGN_KEY);
        }
    }

    pub(super) fn insert(&mut self, table: &Table, row: Value) {
        if self.of(table).iter().any(|other| collides(table, other, &row)) {
            self.faults.push(UNIQUE);
            return;
        }
        self.rows.get_mut(&table.name).unwrap().push(row);
        if self.dangles() {
            self.doubts.push(FOREIGN_KEY);
        }
    }

    /// Rows become others, all at once.
    pub(super) fn update(&mut self, table: &Table, changed: &[(Value, Value)]) {
        changed.iter().for_each(|(_, new)| self.check(table, new));
        for (i, (_, new)) in changed.iter().enumerate() {
            let meets = |(j, (old, _)): (usize, &(Value, Value))| i != j && collides(table, old, new);
            if changed.iter().enumerate().any(meets) {
                self.doubts.push(UNIQUE);
            }
        }
        for row in self.rows.get_mut(&table.name).unwrap() {
            if let Some((_, new)) = changed.iter().find(|(old, _)| is_same(table, old, row)) {
                *row = new.clone();
            }
        }
        let rows = self.of(table);
        if rows.iter().enumerate().any(|(i, row)| rows[..i].iter().any(|other| collides(table, other, row))) {
            self.faults.push(UNIQUE);
        }
        for reference in references(self.template).filter(|reference| reference.table == table.name) {
            self.follow_update(&reference, changed);
        }
        if self.dangles() {
            self.doubts.push(FOREIGN_KEY);
        }
    }

    /// What becomes of the rows that referred to a key which has changed.
    fn follow_update(&mut self, reference: &Reference<'_>, changed: &[(Value, Value)]) {
        let Reference { column, key, kind, .. } = *reference;
        for row in self.rows.get_mut(&reference.holder.name).unwrap() {
            let referred = |(old, new): &&(Value, Value)| {
                kind.equals(&old[key], &row[column]) == Some(true) && !kind.is(&old[key], &new[key])
            };
            let Some((_, new)) = changed.iter().find(referred) else { continue };
            match reference.on_update {
                ReferenceAction::NoAction => {}
                ReferenceAction::Restrict => self.faults.push(FOREIGN_KEY),
                ReferenceAction::Cascade => row[column] = new[key].clone(),
                ReferenceAction::SetNull => row[column] = Value::Null,
            }
        }
    }

    /// Rows go, and with them those that follow. Answers whether some of them would have followed others.
    pub(super) fn delete(&mut self, table: &Table, rows: &[Value]) -> bool {
        let mut gone: Vec<(&Table, Value)> = Vec::new();
        let mut going: Vec<(&Table, Value)> =
            rows.iter().cloned().map(|row| (self.template.table(&table.name).unwrap(), row)).collect();
        while let Some((table, row)) = going.pop() {
            if gone.iter().any(|(other, known)| other.name == table.name && is_same(table, known, &row)) {
                continue;
            }
            for reference in references(self.template).filter(|reference| reference.table == table.name) {
                if reference.on_delete == ReferenceAction::Cascade {
                    let children = self.referring(&reference, &row).cloned().collect::<Vec<_>>();
                    going.extend(children.into_iter().map(|child| (reference.holder, child)));
                }
            }
            gone.push((table, row));
        }
        let follow = self.follows(table, rows, &gone);
        for (table, row) in &gone {
            for reference in references(self.template).filter(|reference| reference.table == table.name) {
                self.let_go(&reference, row, &gone);
            }
        }
        for (table, row) in &gone {
            self.rows.get_mut(&table.name).unwrap().retain(|other| !is_same(table, other, row));
        }
        follow
    }

    /// Whether one of these rows of a table, all of which go, goes or changes because another goes.
    fn follows(&self, table: &Table, rows: &[Value], gone: &[(&Table, Value)]) -> bool {
        let is_one = |row: &Value| rows.iter().any(|other| is_same(table, row, other));
        let own = |reference: &Reference<'_>| reference.holder.name == table.name;
        references(self.template).filter(own).any(|reference| {
            let follows = matches!(reference.on_delete, ReferenceAction::Cascade | ReferenceAction::SetNull);
            let mut gone = gone.iter().filter(|(table, _)| table.name == reference.table);
            follows && gone.any(|(_, gone)| self.referring(&reference, gone).any(is_one))
        })
    }

    fn let_go(&mut self, reference: &Reference<'_>, gone: &Value, all: &[(&Table, Value)]) {
        let holder = reference.holder;
        let goes = |row: &Value| {
            all.iter().any(|(table, other)| table.name == holder.name && is_same(table, other, row))
        };
        match reference.on_delete {
            ReferenceAction::Restrict => {
                let is_itself = |row: &Value| holder.name == reference.table && is_same(holder, row, gone);
                let (going, staying): (Vec<&Value>, Vec<&Value>) =
                    self.referring(reference, gone).partition(|row| goes(row));
                let (stay, go) = (!staying.is_empty(), going.iter().any(|row| !is_itself(row)));
                self.faults.extend(stay.then_some(FOREIGN_KEY));
                self.doubts.extend(go.then_some(FOREIGN_KEY));
            }
            ReferenceAction::SetNull => {
                for row in self.rows.get_mut(&holder.name).unwrap() {
                    if reference.kind.equals(&row[reference.column], &gone[reference.key]) == Some(true) {
                        row[reference.column] = Value::Null;
                    }
                }
            }
            ReferenceAction::NoAction | ReferenceAction::Cascade => {}
        }
    }

    fn referring(&self, reference: &Reference<'_>, row: &Value) -> impl Iterator<Item = &Value> {
        let (column, kind, key) = (reference.column.to_owned(), reference.kind, row[reference.key].clone());
        self.of(reference.holder).iter().filter(move |child| kind.equals(&child[&column], &key) == Some(true))
    }

    /// Whether some row refers to nothing.
    pub(super) fn dangles(&self) -> bool {
        references(self.template).any(|reference| {
            let Reference { column, key, kind, .. } = reference;
            let exists = |value: &Value| {
                self.rows[reference.table].iter().any(|row| kind.equals(value, &row[key]) == Some(true))
            };
            self.of(reference.holder)
                .iter()
                .map(|row| &row[column])
                .any(|value| !value.is_null() && !exists(value))
        })
    }
}

fn references(template: &Template) -> impl Iterator<Item = Reference<'_>> {
    let columns =
        template.tables.iter().flat_map(|holder| holder.columns.iter().map(move |column| (holder, column)));
    columns.filter_map(|(holder, column)| {
        let schema::Reference { table, column: key, on_delete, on_update } = column.references.as_ref()?;
        let kind = Kind::of(template.table(table)?.column(key)?);
        Some(Reference {
            holder,
            column: &column.name,
            table,
            key,
            kind,
            on_delete: *on_delete,
            on_update: *on_update,
        })
    })
}
