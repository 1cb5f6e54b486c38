//! Aggregates of rows: NULLs are left out, and of nothing there is a count of 0 and nothing else.

use schema::{ColumnType, Table};
use serde_json::{Value, json};

use super::super::kind::{Collation, Kind};
use super::super::wanted::Wanted;

/// `{"sum": "points"}`
#[derive(Clone, Copy)]
pub(super) struct Aggregate<'v> {
    pub function: &'v str,
    pub column: &'v str,
}

/// A value that is computed of several rows.
pub(super) struct Aggregated {
    pub value: Value,
    pub kind: Kind,
    /// Whether the sum fits an integer; if not, `value` is as near as integers get.
    pub fits: bool,
    /// Whether it does not fit in some order of adding.
    pub may_overflow: bool,
}

impl<'v> Aggregate<'v> {
    pub(super) fn parse(asked: &'v Value) -> Option<Self> {
        let (function, column) = asked.as_object()?.iter().next()?;
        let known = ["count", "sum", "avg", "min", "max"].contains(&function.as_str());
        Some(Self { function, column: column.as_str().filter(|_| known)? })
    }

    pub(super) fn of(self, table: &Table, rows: &[&Value]) -> Aggregated {
        let plain = |value: Value, kind: Kind| Aggregated { value, kind, fits: true, may_overflow: false };
        if self.column == "*" {
            return plain(rows.len().into(), Kind::INTEGER);
        }
        let kind = Kind::of(table.column(self.column).unwrap());
        let values: Vec<&Value> =
            rows.iter().map(|row| &row[self.column]).filter(|value| !value.is_null()).collect();
        let extreme = match self.function {
            "min" => values.iter().min_by(|a, b| kind.order(a, b)),
            _ => values.iter().max_by(|a, b| kind.order(a, b)),
        };
        match (self.function, kind.column_type) {
            ("count", _) => plain(values.len().into(), Kind::INTEGER),
            ("min" | "max", _) => plain(extreme.map(|value| (*value).clone()).unwrap_or_default(), kind),
            (_, _) if values.is_empty() => plain(Value::Null, kind),
            ("sum", ColumnType::Integer) => sum_of_integers(&values),
            ("sum", _) => plain(json!(sum_of_reals(&values)), Kind::REAL),
            ("avg", _) => plain(json!(average(&values)), Kind::REAL),
            (other, _) => panic!("{other}"),
        }
    }
}

impl Aggregated {
    pub(super) fn wanted(&self) -> Wanted {
        if !self.fits {
            return Wanted::Overflow;
        }
        match (self.kind.column_type, self.value.as_f64()) {
            (ColumnType::Real, Some(number)) => Wanted::About(number),
            _ => shown(self.kind, &self.value),
        }
    }
}

/// The value of a group's column: of texts that are the same, any may be shown.
pub(super) fn shown(kind: Kind, value: &Value) -> Wanted {
    match (kind.collation, value.as_str()) {
        (Collation::Binary, _) | (_, None) => Wanted::Exactly(value.clone()),
        (collation, Some(text)) => Wanted::Alike(collation, collation.key(text)),
    }
}

fn integers(values: &[&Value]) -> impl Iterator<Item = i128> {
    values.iter().map(|value| i128::from(value.as_i64().unwrap()))
}

fn sum_of_integers(values: &[&Value]) -> Aggregated {
    let sum: i128 = integers(values).sum();
    let positive: i128 = integers(values).filter(|value| *value > 0).sum();
    let negative: i128 = integers(values).filter(|value| *value < 0).sum();
    let fits = i64::try_from(sum).is_ok();
    let nearest = i64::try_from(sum).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN });
    let may_overflow = i64::try_from(positive).is_err() || i64::try_from(negative).is_err();
    Aggregated { value: nearest.into(), kind: Kind::INTEGER, fits, may_overflow }
}

fn sum_of_reals(values: &[&Value]) -> f64 {
    values.iter().map(|value| value.as_f64().unwrap()).sum()
}

fn average(values: &[&Value]) -> f64 {
    let number: f64 = values.iter().map(|_| 1.0).sum();
    if values.iter().all(|value| value.is_i64()) {
        #[expect(clippy::cast_precision_loss, reason = "an average is a float")]
        let sum = integers(values).sum::<i128>() as f64;
        return sum / number;
    }
    sum_of_reals(values) / number
}
