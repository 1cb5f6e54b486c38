//! Whether a condition is true, false or unknown of a row.

use std::cmp::Ordering;

use schema::Table;
use serde_json::{Map, Value};

use super::super::kind::Kind;
use super::super::pattern::{is_glob, is_like};
use super::super::words::Search;
use super::json_path;
use super::{World, entries};

/// What stands left of an operator.
#[derive(Clone, Copy)]
pub(super) enum Left<'v> {
    Column(Kind, &'v Value),
    /// What a path into JSON leads to; NULL where it leads nowhere.
    Path(&'v Value),
}

impl World<'_> {
    /// Whether the conditions are true of a row.
    pub(super) fn holds(&self, table: &Table, row: &Value, conditions: &Value) -> bool {
        conditions.is_null() || self.truth(table, row, conditions) == Some(true)
    }

    fn truth(&self, table: &Table, row: &Value, condition: &Value) -> Option<bool> {
        match condition {
            Value::Array(list) => all(list.iter().map(|condition| self.truth(table, row, condition))),
            _ => all(condition.as_object().unwrap().iter().map(|(name, value)| match name.as_str() {
                "and" => self.truth(table, row, value),
                "or" => any(entries(value).iter().map(|condition| self.truth(table, row, condition))),
                "not" => self.truth(table, row, value).map(|truth| !truth),
                _ => self.member(table, row, name, value.as_object().unwrap()),
            })),
        }
    }

    fn member(&self, table: &Table, row: &Value, name: &str, operators: &Map<String, Value>) -> Option<bool> {
        if let Some(search) = search(operators) {
            return Some(self.finds(table, row, name, &search));
        }
        if let Some(column) = table.column(name) {
            let operand = |value: &Value| self.operand(row, value);
            return compares(Left::Column(Kind::of(column), &row[name]), operators, &operand);
        }
        let (path, inside) =
            name.split_once("->").map_or((name, None), |(path, inside)| (path, Some(inside)));
        if let Some((relation, rest)) = path.split_once('.') {
            let rest = inside.map_or(rest.to_owned(), |inside| format!("{rest}->{inside}"));
            let relation = self.relation(table, relation);
            let mut related = self.related(table, row, &relation).into_iter();
            return Some(
                related.any(|other| self.member(relation.table, other, &rest, operators) == Some(true)),
            );
        }
        if let Some(inside) = inside {
            let found = json_path::value(&row[path], inside);
            return compares(Left::Path(&found), operators, &|value| self.operand(row, value));
        }
        let relation = self.relation(table, name);
        let related = self.related(table, row, &relation);
        let holds = |conditions: &Value| {
            related.iter().filter(|other| self.holds(relation.table, other, conditions)).count()
        };
        Some(operators.iter().all(|(quantifier, conditions)| match quantifier.as_str() {
            "some" => holds(conditions) > 0,
            "none" => holds(conditions) == 0,
            "every" => holds(conditions) == related.len(),
            other => panic!("{other}"),
        }))
    }

    fn finds(&self, table: &Table, row: &Value, name: &str, search: &Search) -> bool {
        let columns = self.searched(table);
        let columns = columns.into_iter().filter(|column| name == "__fts" || column == name);
        let texts: Vec<&str> = columns.filter_map(|column| row[&column].as_str()).collect();
        search.finds(&texts)
    }

    /// A value, or what stands for one: a column of the same row, or something of the caller.
    fn operand(&self, row: &Value, value: &Value) -> Value {
        match (value["__col"].as_str(), value["__auth"].as_str()) {
            (Some(column), _) => row[column].clone(),
            (_, Some(what)) => self.of_caller(what).into(),
            _ => value.clone(),
        }
    }
}

/// The search that an operator asks for.
pub(super) fn search(operators: &Map<String, Value>) -> Option<Search> {
    match (operators.get("fts"), operators.get("match")) {
        (Some(Value::String(words)), None) => Some(Search::plain(words)),
        (None, Some(Value::String(grammar))) => Some(Search::grammar(grammar)),
        _ => None,
    }
}

impl Left<'_> {
    /// How the value that is found is to another: unknown where one is NULL.
    fn order(self, other: &Value) -> Option<Ordering> {
        let (kind, found) = match self {
            Left::Column(kind, found) => (kind, found),
            Left::Path(found) => json_path::compared(found, other)?,
        };
        (!found.is_null() && !other.is_null()).then(|| kind.order(found, other))
    }

    fn is(self, other: &Value) -> bool {
        match self {
            Left::Column(kind, found) => kind.is(found, other),
            Left::Path(found) if other.is_null() => found.is_null(),
            Left::Path(_) => self.order(other) == Some(Ordering::Equal),
        }
    }

    fn text(&self) -> Option<&str> {
        let (Left::Column(_, found) | Left::Path(found)) = self;
        found.as_str()
    }
}

/// Whether all the operators hold.
pub(super) fn compares(
    left: Left<'_>,
    operators: &Map<String, Value>,
    operand: &dyn Fn(&Value) -> Value,
) -> Option<bool> {
    let order = |value: &Value| left.order(&operand(value));
    all(operators.iter().map(|(operator, value)| match operator.as_str() {
        "eq" => order(value).map(Ordering::is_eq),
        "neq" => order(value).map(Ordering::is_ne),
        "gt" => order(value).map(Ordering::is_gt),
        "gte" => order(value).map(Ordering::is_ge),
        "lt" => order(value).map(Ordering::is_lt),
        "lte" => order(value).map(Ordering::is_le),
        "like" => left.text().map(|text| is_like(value.as_str().unwrap(), text)),
        "glob" => left.text().map(|text| is_glob(value.as_str().unwrap(), text)),
        "in" => any(entries(value).iter().map(|value| order(value).map(Ordering::is_eq))),
        "between" => {
            all([order(&value[0]).map(Ordering::is_ge), order(&value[1]).map(Ordering::is_le)].into_iter())
        }
        "is" => Some(left.is(value)),
        "not" => match value.as_object() {
            Some(operators) => compares(left, operators, operand).map(|truth| !truth),
            None => Some(!left.is(value)),
        },
        other => panic!("{other}"),
    }))
}

/// False where one is false; else unknown where one is unknown.
pub(super) fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let truths: Vec<Option<bool>> = truths.collect();
    if truths.contains(&Some(false)) {
        Some(false)
    } else {
        truths.into_iter().find(Option::is_none).unwrap_or(Some(true))
    }
}

fn any(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(truths.map(|truth| truth.map(|truth| !truth))).map(|truth| !truth)
}
