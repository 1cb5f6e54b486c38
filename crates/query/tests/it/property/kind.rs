//! How the values of a column compare: its type and its collation, as SQLite documents them.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schema::{Column, ColumnType};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collation {
    Binary,
    NoCase,
    Rtrim,
}

impl Collation {
    /// Texts with the same key are the same.
    pub(crate) fn key(self, text: &str) -> String {
        match self {
            Self::Binary => text.to_owned(),
            Self::NoCase => text.to_ascii_lowercase(),
            Self::Rtrim => text.trim_end_matches(' ').to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub column_type: ColumnType,
    pub collation: Collation,
}

impl Kind {
    pub(crate) const INTEGER: Kind = Kind::plain(ColumnType::Integer);
    pub(crate) const REAL: Kind = Kind::plain(ColumnType::Real);
    pub(crate) const TEXT: Kind = Kind::plain(ColumnType::Text);
    pub(crate) const BOOLEAN: Kind = Kind::plain(ColumnType::Boolean);

    const fn plain(column_type: ColumnType) -> Self {
        Self { column_type, collation: Collation::Binary }
    }

    pub(crate) fn of(column: &Column) -> Self {
        let collation = match column.collate.as_deref() {
            Some("NOCASE") => Collation::NoCase,
            Some("RTRIM") => Collation::Rtrim,
            _ => Collation::Binary,
        };
        Self { column_type: column.column_type, collation }
    }

    /// The order of two values that are not NULL.
    pub(crate) fn order(self, a: &Value, b: &Value) -> Ordering {
        let text = |value: &Value| self.collation.key(value.as_str().unwrap());
        let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
        match self.column_type {
            ColumnType::Text | ColumnType::Id => text(a).cmp(&text(b)),
            ColumnType::Integer | ColumnType::Timestamp | ColumnType::Real => order_of_numbers(a, b),
            ColumnType::Boolean => a.as_bool().unwrap().cmp(&b.as_bool().unwrap()),
            ColumnType::Blob => bytes(a).cmp(&bytes(b)),
            ColumnType::Json => a.to_string().cmp(&b.to_string()),
        }
    }

    /// The same, where NULL comes before everything.
    pub(crate) fn order_with_nulls(self, a: &Value, b: &Value) -> Ordering {
        match (a.is_null(), b.is_null()) {
            (false, false) => self.order(a, b),
            (a, b) => b.cmp(&a),
        }
    }

    /// Whether the values are the same; unknown where one is NULL.
    pub(crate) fn equals(self, a: &Value, b: &Value) -> Option<bool> {
        (!a.is_null() && !b.is_null()).then(|| self.order(a, b).is_eq())
    }

    /// Whether the values are the same, where NULL is the same as NULL.
    pub(crate) fn is(self, a: &Value, b: &Value) -> bool {
        self.order_with_nulls(a, b).is_eq()
    }
}

fn order_of_numbers(a: &Value, b: &Value) -> Ordering {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap().total_cmp(&b.as_f64().unwrap()),
    }
}
