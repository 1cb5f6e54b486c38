//! What the statements gave, as the answer's bytes; and what a database refused, in the words of the request.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use atomicbase_core::{Code, Problem};
use db::{DbError, ErrorKind, JsonRows, Rows, StatementOutcome, Value};

use super::compile::{Answer, Child, Node, Query};
use super::fault::Fault;

/// The outcomes of one operation's statements.
pub(crate) struct Answered<'a> {
    pub query: &'a Query,
    pub statements: &'a [StatementOutcome],
}

impl Answered<'_> {
    /// Appends the operation's answer: `{"data":[…],"count":n}` or `{"data":[…],"rows_affected":n,"last_insert_id":n}`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match &self.query.answer {
            Answer::Rows { root, count } => {
                out.extend_from_slice(b"{\"data\":");
                self.write_rows(root, out);
                if let Some(count) = count.and_then(|statement| self.count(statement)) {
                    out.extend_from_slice(b",\"count\":");
                    push_number(out, count);
                }
            }
            Answer::Written { returning, row_ids, .. } => {
                out.push(b'{');
                if *returning {
                    out.extend_from_slice(b"\"data\":");
                    self.write_returned(out);
                    out.push(b',');
                }
                out.extend_from_slice(b"\"rows_affected\":");
                let affected: u64 = self.statements.iter().map(|statement| statement.rows_affected).sum();
                push_number(out, affected);
                let inserted = self.statements.iter().rev().find(|statement| statement.rows_affected > 0);
                if let Some(last) = inserted.filter(|_| *row_ids) {
                    out.extend_from_slice(b",\"last_insert_id\":");
                    push_number(out, last.last_insert_id);
                }
            }
        }
        out.push(b'}');
    }

    fn count(&self, statement: usize) -> Option<i64> {
        match &self.statements.get(statement)?.rows {
            Rows::Values(rows) => rows.first()?.first()?.as_integer(),
            _ => None,
        }
    }

    fn write_returned(&self, out: &mut Vec<u8>) {
        let mut separator: &[u8] = b"[";
        for rows in self.statements.iter().filter_map(json) {
            for row in 0..rows.len() {
                out.extend_from_slice(separator);
                out.extend_from_slice(rows.open_object(row));
                out.push(b'}');
                separator = b",";
            }
        }
        out.extend_from_slice(if separator == b"[" { b"[]" } else { b"]" });
    }

    fn write_rows(&self, node: &Node, out: &mut Vec<u8>) {
        let Some(rows) = self.rows(node) else { return out.extend_from_slice(b"[]") };
        if node.children.is_empty() {
            return rows.write_array(out);
        }
        let lists = self.lists(node);
        out.push(b'[');
        for row in 0..rows.len() {
            if row > 0 {
                out.push(b',');
            }
            self.write_row(rows, row, &lists, out);
        }
        out.push(b']');
    }

    fn write_row(&self, rows: &JsonRows, row: usize, lists: &[List<'_>], out: &mut Vec<u8>) {
        let object = rows.open_object(row);
        out.extend_from_slice(object);
        for (index, list) in lists.iter().enumerate() {
            if index > 0 || object.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(list.child.label.as_bytes());
            let related = list.by_parent.get(&Key(&rows.keys(row)[index])).map_or(&[][..], Vec::as_slice);
            match (list.child.many, related.first()) {
                (false, None) => out.extend_from_slice(b"null"),
                (false, Some(only)) => self.write_row(list.rows, *only, &list.below, out),
                (true, _) => {
                    out.push(b'[');
                    for (position, row) in related.iter().enumerate() {
                        if position > 0 {
                            out.push(b',');
                        }
                        self.write_row(list.rows, *row, &list.below, out);
                    }
                    out.push(b']');
                }
            }
        }
        out.push(b'}');
    }

    /// The lists below a node, each row under its parent's key, which is the last of a row's hidden keys.
    fn lists<'s>(&'s self, node: &'s Node) -> Vec<List<'s>> {
        let lists = node.children.iter().filter_map(|child| {
            let rows = self.rows(&child.node)?;
            let mut by_parent: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
            for row in 0..rows.len() {
                if let Some(parent) = rows.keys(row).last() {
                    by_parent.entry(Key(parent)).or_default().push(row);
                }
            }
            Some(List { child, rows, by_parent, below: self.lists(&child.node) })
        });
        lists.collect()
    }

    fn rows(&self, node: &Node) -> Option<&JsonRows> {
        json(self.statements.get(node.statement)?)
    }
}

/// A relation's rows, ready to be put under their parents.
struct List<'a> {
    child: &'a Child,
    rows: &'a JsonRows,
    by_parent: HashMap<Key<'a>, Vec<usize>>,
    below: Vec<List<'a>>,
}

fn json(statement: &StatementOutcome) -> Option<&JsonRows> {
    match &statement.rows {
        Rows::Json(rows) => Some(rows),
        _ => None,
    }
}

fn push_number(out: &mut Vec<u8>, number: impl ToString) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// A key that joins: parent and child give the very same value, so that bits compare.
struct Key<'a>(&'a Value);

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Value::Real(a), Value::Real(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        }
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Value::Null => {}
            Value::Integer(value) => value.hash(state),
            Value::Real(value) => value.to_bits().hash(state),
            Value::Text(value) => value.hash(state),
            Value::Blob(value) => value.hash(state),
        }
    }
}

/// What a database refused, by the names of the template and without any value. `place` is where the row stands in the body.
pub(crate) fn explain(error: DbError, place: &str) -> Problem {
    let problem = match &error.kind {
        ErrorKind::Unique(columns) => {
            Fault::at(Code::UniqueViolation, place, format!("A row with the same value in {columns} exists."))
                .hint("Choose another value, or say what to do with `on_conflict`.")
        }
        ErrorKind::ForeignKey => Fault::at(
            Code::ForeignKeyViolation,
            place,
            "A referenced row does not exist, or a row that would go is still referenced.",
        ),
        ErrorKind::NotNull(column) => {
            Fault::at(Code::NotNullViolation, place, format!("`{column}` must have a value."))
        }
        ErrorKind::Check(check) => {
            Fault::at(Code::CheckViolation, place, format!("The check `{check}` does not hold."))
        }
        ErrorKind::Type(_) => Fault::at(Code::TypeMismatch, place, "A value does not fit its column."),
        ErrorKind::Timeout => {
            Problem::new(Code::QueryTimeout, "The query did not finish before its deadline.").hint(
                "Narrow `where`, lower `limit`, or add an index on the columns it filters and orders by.",
            )
        }
        ErrorKind::TooBig => {
            Problem::new(Code::LimitExceeded, "The answer is larger than the server allows.")
                .hint("Select fewer columns, or ask for the rows in pages with `limit` and `offset`.")
        }
        ErrorKind::PatternTooComplex => Problem::new(Code::InvalidQuery, "The pattern is too complex."),
        _ => return error.into(),
    };
    problem.because(error)
}
