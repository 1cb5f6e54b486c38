//! Rows as JSON bytes, rendered while SQLite steps: no tree is built between a row and the answer.

use base64::Engine as _;
use rusqlite::types::ValueRef;

use crate::value::Value;

/// How a column's value is written as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By its storage class: integer, float, string, or base64 for bytes.
    Plain,
    /// An integer that becomes a string beyond 2^53 (`Prefer: bigint=string`).
    BigInteger,
    /// 0 or 1 as false or true.
    Boolean,
    /// Text that is JSON already.
    Json,
}

/// One column of the answer.
#[derive(Clone, Debug)]
pub struct JsonColumn {
    /// `"name":`, escaped once when the statement was compiled.
    label: Vec<u8>,
    kind: Kind,
}

impl JsonColumn {
    /// A column of this name and kind.
    #[must_use]
    pub fn new(name: &str, kind: Kind) -> Self {
        let mut label = Vec::with_capacity(name.len() + 3);
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            label.push(b'"');
            label.extend_from_slice(name.as_bytes());
            label.push(b'"');
        } else {
            write_json(&mut label, name);
        }
        label.push(b':');
        Self { label, kind }
    }
}

/// How the rows of a statement become JSON objects.
#[derive(Clone, Debug, Default)]
pub struct JsonShape {
    /// The first columns of the statement, shown in this order.
    pub columns: Vec<JsonColumn>,
    /// How many columns follow that are not shown: they join rows of nested lists with their parents.
    pub keys: usize,
    /// One more column follows: a row for which it is not true is left out.
    pub guarded: bool,
    /// The rows are one page of more.
    pub page: Option<Page>,
}

/// One page of a statement's rows. The statement asks for one row more than the page has.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Rows of the page.
    pub rows: usize,
    /// The statement's columns that say where in the order a row stands.
    pub position: Vec<usize>,
}

/// Rendered rows. Each is an object without its closing brace, so that nested lists can still be added.
#[derive(Debug, Default)]
pub struct JsonRows {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    keys: Vec<Value>,
    keys_per_row: usize,
    key_bytes: usize,
    /// Where the page's first and last row stand.
    edges: [Vec<Value>; 2],
    more: bool,
}

/// Bytes that are there before the first row.
const FIRST_BYTES: usize = 512;

impl JsonRows {
    pub(crate) fn new(shape: &JsonShape) -> Self {
        // Room for a few rows: most answers are small, and growing to that size would copy them again and again.
        Self { bytes: Vec::with_capacity(FIRST_BYTES), keys_per_row: shape.keys, ..Self::default() }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes rendered so far, and those that the hidden keys take.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.bytes.len() + self.key_bytes
    }

    /// A row's open object: `{"a":1,"b":2`.
    #[must_use]
    pub fn open_object(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..self.ends[row]]
    }

    /// A row's hidden keys.
    #[must_use]
    pub fn keys(&self, row: usize) -> &[Value] {
        &self.keys[row * self.keys_per_row..(row + 1) * self.keys_per_row]
    }

    /// Where the first and the last row of a page stand; empty without a page, or without a row.
    #[must_use]
    pub fn edges(&self) -> &[Vec<Value>; 2] {
        &self.edges
    }

    /// Whether rows follow the page.
    #[must_use]
    pub fn more(&self) -> bool {
        self.more
    }

    /// Writes all rows as a JSON array.
    pub fn write_array(&self, out: &mut Vec<u8>) {
        out.reserve(self.bytes.len() + 2 * self.len() + 2);
        out.push(b'[');
        for row in 0..self.len() {
            if row > 0 {
                out.push(b',');
            }
            out.extend_from_slice(self.open_object(row));
            out.push(b'}');
        }
        out.push(b']');
    }

    /// Takes a row; `false` once the page is full and the row is known to follow it.
    pub(crate) fn push(&mut self, shape: &JsonShape, row: &rusqlite::Row<'_>) -> rusqlite::Result<bool> {
        if shape.guarded && !matches!(row.get_ref(shape.columns.len() + shape.keys)?, ValueRef::Integer(1)) {
            return Ok(true);
        }
        if let Some(page) = &shape.page {
            if self.len() == page.rows {
                self.more = true;
                return Ok(false);
            }
            self.note_edges(page, row)?;
        }
        self.bytes.push(b'{');
        for (index, column) in shape.columns.iter().enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            self.bytes.extend_from_slice(&column.label);
            write_value(&mut self.bytes, row.get_ref(index)?, column.kind);
        }
        for index in 0..shape.keys {
            let key = row.get_ref(shape.columns.len() + index)?;
            self.key_bytes += size_of::<Value>();
            if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = key {
                self.key_bytes += bytes.len();
            }
            self.keys.push(read_value(key));
        }
        self.ends.push(self.bytes.len());
        Ok(true)
    }

    /// The last row of a page that something follows is its last row indeed; of a shorter page nobody asks for it.
    fn note_edges(&mut self, page: &Page, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
        let position = || -> rusqlite::Result<Vec<Value>> {
            page.position.iter().map(|index| row.get_ref(*index).map(read_value)).collect()
        };
        if self.is_empty() {
            self.edges[0] = position()?;
        }
        if self.len() + 1 == page.rows {
            self.edges[1] = position()?;
        }
        Ok(())
    }
}

pub(crate) fn read_value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// Integers that a double holds exactly.
const EXACT: i64 = 1 << 53;

fn write_value(out: &mut Vec<u8>, value: ValueRef<'_>, kind: Kind) {
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Integer(value) => match kind {
            Kind::Boolean => out.extend_from_slice(if value == 0 { b"false" } else { b"true" }),
            Kind::BigInteger if !(-EXACT..=EXACT).contains(&value) => {
                out.push(b'"');
                write_json(out, &value);
                out.push(b'"');
            }
            _ => write_json(out, &value),
        },
        // JSON has no infinity; like every JSON writer's, ours says null. NaN is NULL in SQLite already.
        ValueRef::Real(value) => write_json(out, &value),
        ValueRef::Text(bytes) if kind == Kind::Json && !bytes.is_empty() => out.extend_from_slice(bytes),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => write_json(out, text),
            Err(_) => write_json(out, &*String::from_utf8_lossy(bytes)),
        },
        ValueRef::Blob(bytes) => {
            write_json(out, &base64::engine::general_purpose::STANDARD.encode(bytes));
        }
    }
}

/// Appends a number or string as JSON. Writing to memory cannot fail, and neither can these types.
fn write_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let length = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(length);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(value: ValueRef<'_>, kind: Kind) -> String {
        let mut out = Vec::new();
        write_value(&mut out, value, kind);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_exact_json() {
        assert_eq!(render(ValueRef::Integer(i64::MIN), Kind::Plain), "-9223372036854775808");
        assert_eq!(render(ValueRef::Integer(EXACT + 1), Kind::BigInteger), "\"9007199254740993\"");
        assert_eq!(render(ValueRef::Integer(EXACT), Kind::BigInteger), "9007199254740992");
        assert_eq!(render(ValueRef::Integer(1), Kind::Boolean), "true");
        assert_eq!(render(ValueRef::Real(0.1), Kind::Plain), "0.1");
        assert_eq!(render(ValueRef::Real(f64::INFINITY), Kind::Plain), "null");
        assert_eq!(render(ValueRef::Text("a\"\0é".as_bytes()), Kind::Plain), "\"a\\\"\\u0000é\"");
        assert_eq!(render(ValueRef::Text(b"{\"a\":1}"), Kind::Json), "{\"a\":1}");
        assert_eq!(render(ValueRef::Blob(b"\x00\xff"), Kind::Plain), "\"AP8=\"");
        assert_eq!(render(ValueRef::Null, Kind::Json), "null");
    }
}
