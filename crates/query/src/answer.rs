//! What the statements gave, as the answer's bytes: nested lists are put under their parents here.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use db::{JsonRows, Rows, StatementOutcome, Value};

use super::cursor::Position;
use super::plan::{Answer, Child, Node, Paging, Returned, RowId};
use super::value::EXACT;

/// The answer outgrew its limit. A row that many others refer to is written once for each of them, so that the rows read say
/// little about the size of what is written.
#[derive(Debug)]
pub(super) struct TooBig;

/// Appends an operation's answer: `{"data":[…],"count":n,"next":"…"}` or `{"data":[…],"rows_affected":n,"last_insert_id":n}`.
pub(super) fn write(
    answer: &Answer,
    statements: &[StatementOutcome],
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), TooBig> {
    let nested = Nested { statements, max_bytes };
    match answer {
        Answer::Rows { root, count, paging } => {
            out.extend_from_slice(b"{\"data\":");
            nested.write_rows(root, out)?;
            if let Some(count) = count.and_then(|statement| single_number(statements.get(statement)?)) {
                out.extend_from_slice(b",\"count\":");
                push_number(out, count);
            }
            if let (Some(paging), Some(rows)) = (paging, nested.rows(root)) {
                write_pages(paging, rows, out);
            }
        }
        Answer::Written { returned, row_id, writes, .. } => {
            out.push(b'{');
            let written = statements.get(..*writes).unwrap_or_default();
            if let Some(returned) = returned {
                out.extend_from_slice(b"\"data\":");
                nested.write_returned(returned, written, out)?;
                out.push(b',');
            }
            write_written(written, *row_id, out);
        }
    }
    out.push(b'}');
    match answer {
        Answer::Rows { .. } if out.len() > max_bytes => Err(TooBig),
        // What a write gives back was counted before it was committed: now it is done, and the few bytes around it are no reason
        // to say otherwise.
        _ => Ok(()),
    }
}

/// `"rows_affected":n,"last_insert_id":n`
fn write_written(written: &[StatementOutcome], row_id: Option<RowId>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"rows_affected\":");
    push_number(out, written.iter().map(|statement| statement.rows_affected).sum::<u64>());
    let inserted = written.iter().rev().find(|statement| statement.rows_affected > 0);
    if let (Some(last), Some(row_id)) = (inserted, row_id) {
        out.extend_from_slice(b",\"last_insert_id\":");
        let is_string = row_id.bigint && !(-EXACT..=EXACT).contains(&last.last_insert_id);
        let quote: &[u8] = if is_string { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        push_number(out, last.last_insert_id);
        out.extend_from_slice(quote);
    }
}

/// `,"next":"…","prev":"…"`: the page after, where rows follow, and the page before, where this is not the first.
fn write_pages(paging: &Paging, rows: &JsonRows, out: &mut Vec<u8>) {
    let [first, last] = rows.edges();
    let came_from = paging.position.as_ref();
    let backward = came_from.is_some_and(|position| position.backward);
    // A page that was read backward began at its end.
    let (beginning, end) = if backward { (last, first) } else { (first, last) };
    let more = rows.more();
    let (before, after) = if backward { (more, true) } else { (came_from.is_some(), more) };
    let position = |values: &Vec<Value>, backward: bool| match came_from {
        // An empty page: back to where it came from, whose row is part of the other page.
        Some(position) if rows.is_empty() => {
            Position { values: position.values.clone(), backward, inclusive: true }
        }
        _ => Position { values: values.clone(), backward, inclusive: false },
    };
    let mut write = |name: &[u8], position: Position| {
        out.extend_from_slice(name);
        out.extend_from_slice(paging.signer.write(&position).as_bytes());
        out.push(b'"');
    };
    if after {
        write(b",\"next\":\"", position(end, false));
    }
    if before {
        write(b",\"prev\":\"", position(beginning, true));
    }
}

/// Appends the rows of an export, one per line. Answers how many, and where the page ends if rows follow it.
pub(super) fn write_lines(
    root: &Node,
    statements: &[StatementOutcome],
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(u64, Option<Position>), TooBig> {
    let nested = Nested { statements, max_bytes };
    let Some(rows) = nested.rows(root) else { return Ok((0, None)) };
    let lists = nested.lists(&root.children);
    for row in 0..rows.len() {
        nested.write_row(rows, row, &lists, out)?;
        out.push(b'\n');
    }
    let [_, last] = rows.edges();
    let after = || Position { values: last.clone(), backward: false, inclusive: false };
    Ok((rows.len() as u64, rows.more().then(after)))
}

fn single_number(statement: &StatementOutcome) -> Option<i64> {
    match &statement.rows {
        Rows::Values(rows) => rows.first()?.first()?.as_integer(),
        _ => None,
    }
}

/// Lists of rows, each under its parent.
struct Nested<'a> {
    statements: &'a [StatementOutcome],
    max_bytes: usize,
}

/// A relation's rows, ready to be put under their parents.
struct List<'a> {
    child: &'a Child,
    rows: &'a JsonRows,
    by_parent: HashMap<Key<'a>, Vec<usize>>,
    below: Vec<List<'a>>,
}

impl<'a> Nested<'a> {
    fn write_rows(&self, node: &Node, out: &mut Vec<u8>) -> Result<(), TooBig> {
        let Some(rows) = self.rows(node) else {
            out.extend_from_slice(b"[]");
            return Ok(());
        };
        if rows.size_bytes() > self.max_bytes {
            return Err(TooBig);
        }
        if node.children.is_empty() && !node.backward {
            rows.write_array(out);
            return Ok(());
        }
        let lists = self.lists(&node.children);
        if node.backward {
            return self.write_list(rows, (0..rows.len()).rev(), &lists, out);
        }
        self.write_list(rows, 0..rows.len(), &lists, out)
    }

    fn write_returned(
        &self,
        returned: &Returned,
        written: &[StatementOutcome],
        out: &mut Vec<u8>,
    ) -> Result<(), TooBig> {
        let lists = self.lists(&returned.children);
        let mut separator: &[u8] = b"";
        out.push(b'[');
        for rows in written.iter().filter_map(json) {
            for row in 0..rows.len() {
                out.extend_from_slice(separator);
                self.write_row(rows, row, &lists, out)?;
                separator = b",";
            }
        }
        out.push(b']');
        Ok(())
    }

    fn write_list(
        &self,
        rows: &JsonRows,
        positions: impl Iterator<Item = usize>,
        lists: &[List<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), TooBig> {
        let mut separator: &[u8] = b"";
        out.push(b'[');
        for row in positions {
            out.extend_from_slice(separator);
            self.write_row(rows, row, lists, out)?;
            separator = b",";
        }
        out.push(b']');
        Ok(())
    }

    fn write_row(
        &self,
        rows: &JsonRows,
        row: usize,
        lists: &[List<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), TooBig> {
        let object = rows.open_object(row);
        out.extend_from_slice(object);
        if out.len() > self.max_bytes {
            return Err(TooBig);
        }
        for (list, key) in lists.iter().zip(rows.keys(row)) {
            // The object is open: `{` alone has no member yet.
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            out.extend_from_slice(list.child.label.as_bytes());
            let related = list.by_parent.get(&Key(key)).map_or(&[][..], Vec::as_slice);
            match (list.child.many, related.first()) {
                (true, _) => self.write_list(list.rows, related.iter().copied(), &list.below, out)?,
                (false, Some(only)) => self.write_row(list.rows, *only, &list.below, out)?,
                (false, None) => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
        Ok(())
    }

    /// The lists of relations, each row under its parent's key, which is the last of a row's hidden keys.
    fn lists(&self, children: &'a [Child]) -> Vec<List<'a>> {
        let lists = children.iter().filter_map(|child| {
            let rows = self.rows(&child.node)?;
            let mut by_parent: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
            for row in 0..rows.len() {
                if let Some(parent) = rows.keys(row).last() {
                    by_parent.entry(Key(parent)).or_default().push(row);
                }
            }
            Some(List { child, rows, by_parent, below: self.lists(&child.node.children) })
        });
        lists.collect()
    }

    fn rows(&self, node: &Node) -> Option<&'a JsonRows> {
        json(self.statements.get(node.statement)?)
    }
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
