//! What a query answers, written from the product's description alone: rows in memory, three-valued logic, no SQL.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schema::{Column, Table, Template};
use serde_json::{Map, Value, json};

use super::pattern::{is_glob, is_like};
use super::world::Rows;

/// A template with rows.
pub(crate) struct World<'a> {
    pub template: &'a Template,
    pub rows: &'a Rows,
    pub default_rows: usize,
    pub nested_rows: usize,
}

impl World<'_> {
    /// The answer of a select with its count.
    pub(crate) fn select(&self, table: &str, body: &Value) -> Value {
        let table = self.template.table(table).unwrap();
        let mut rows = self.matching(table, &body["where"]);
        let count = rows.len();
        rows.sort_by(|a, b| by_order(table, &body["order"], a, b).then_with(|| by_key(table, a, b)));
        let number =
            |name: &str, default: usize| body[name].as_u64().map_or(default, |n| n.try_into().unwrap());
        let page = rows.into_iter().skip(number("offset", 0)).take(number("limit", self.default_rows));
        let everything = json!(["*"]);
        let select = if body["select"].is_null() { &everything } else { &body["select"] };
        let data: Vec<Value> = page.map(|row| self.project(table, row, select)).collect();
        json!({"data": data, "count": count})
    }

    /// Rows for which the conditions are true: neither false nor unknown.
    pub(crate) fn matching(&self, table: &Table, filter: &Value) -> Vec<&Value> {
        let rows = self.rows.get(&table.name).map(Vec::as_slice).unwrap_or_default();
        rows.iter().filter(|row| filter.is_null() || truth(table, row, filter) == Some(true)).collect()
    }

    fn project(&self, table: &Table, row: &Value, select: &Value) -> Value {
        let mut object = Map::new();
        let mut relations = Map::new();
        let one = std::slice::from_ref(select);
        for entry in select.as_array().map_or(one, Vec::as_slice) {
            match entry {
                Value::String(name) if name == "*" => {
                    table.columns.iter().for_each(|column| put(&mut object, row, &column.name));
                }
                Value::String(name) => put(&mut object, row, name),
                _ => {
                    for (label, asked) in entry.as_object().unwrap() {
                        let from = asked["from"].as_str().unwrap_or(label);
                        let everything = json!(["*"]);
                        let inner = if asked.is_object() {
                            asked.get("select").unwrap_or(&everything)
                        } else {
                            asked
                        };
                        relations.insert(label.clone(), self.related(table, row, from, inner));
                    }
                }
            }
        }
        object.append(&mut relations);
        object.into()
    }

    fn related(&self, table: &Table, row: &Value, from: &str, select: &Value) -> Value {
        let relation = self.relation(table, from);
        // A foreign key compares by the column that is referred to.
        let referred = if relation.many { relation.here } else { relation.there };
        let joins = |other: &&&Value| {
            let (here, there) = (&row[&relation.here.name], &other[&relation.there.name]);
            !here.is_null() && !there.is_null() && order_of(referred, here, there) == Ordering::Equal
        };
        let rows: Vec<&Value> = self.rows.get(&relation.table.name).into_iter().flatten().collect();
        let mut rows: Vec<&Value> = rows.iter().filter(joins).copied().collect();
        rows.sort_by(|a, b| by_key(relation.table, a, b));
        let mut found = rows.into_iter().map(|other| self.project(relation.table, other, select));
        if relation.many {
            found.take(self.nested_rows).collect()
        } else {
            found.next().unwrap_or(Value::Null)
        }
    }

    fn relation(&self, table: &Table, from: &str) -> Joined<'_> {
        let table = self.template.table(&table.name).unwrap();
        let (other, column) =
            from.split_once('!').map_or((from, None), |(other, column)| (other, Some(column)));
        let mut found = Vec::new();
        for (holder, here) in self.template.tables.iter().flat_map(|t| t.columns.iter().map(move |c| (t, c)))
        {
            let Some(reference) = &here.references else { continue };
            let target = self.template.table(&reference.table).unwrap();
            let there = target.column(&reference.column).unwrap();
            let named = column.is_none_or(|column| column == here.name);
            if target.name == table.name && holder.name == other && named {
                found.push(Joined { table: holder, here: there, there: here, many: true });
            }
            if holder.name == table.name
                && named
                && (target.name == other && column.is_none() || other.is_empty())
            {
                found.push(Joined { table: target, here, there, many: false });
            }
        }
        assert_eq!(found.len(), 1, "{from}");
        found.swap_remove(0)
    }
}

struct Joined<'a> {
    table: &'a Table,
    here: &'a Column,
    there: &'a Column,
    many: bool,
}

fn put(object: &mut Map<String, Value>, row: &Value, name: &str) {
    object.insert(name.to_owned(), row[name].clone());
}

fn by_order(table: &Table, order: &Value, a: &Value, b: &Value) -> Ordering {
    let one = std::slice::from_ref(order);
    let terms = order.as_array().map_or(one, Vec::as_slice).iter().filter_map(Value::as_object).flatten();
    let orders = terms.map(|(name, direction)| {
        let ascending = with_nulls(table.column(name).unwrap(), &a[name], &b[name]);
        if direction == "desc" { ascending.reverse() } else { ascending }
    });
    orders.fold(Ordering::Equal, Ordering::then)
}

fn by_key(table: &Table, a: &Value, b: &Value) -> Ordering {
    let orders =
        table.primary_key.iter().map(|name| with_nulls(table.column(name).unwrap(), &a[name], &b[name]));
    orders.fold(Ordering::Equal, Ordering::then)
}

/// NULL comes before everything.
fn with_nulls(column: &Column, a: &Value, b: &Value) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (false, false) => order_of(column, a, b),
        (a, b) => b.cmp(&a),
    }
}

/// The order of two values that are not NULL.
pub(crate) fn order_of(column: &Column, a: &Value, b: &Value) -> Ordering {
    let text = |value: &Value| {
        let text = value.as_str().unwrap();
        match column.collate.as_deref() {
            Some("NOCASE") => text.to_ascii_lowercase(),
            Some("RTRIM") => text.trim_end_matches(' ').to_owned(),
            _ => text.to_owned(),
        }
    };
    match column.column_type.as_str() {
        "text" | "id" => text(a).cmp(&text(b)),
        "integer" | "timestamp" => a.as_i64().unwrap().cmp(&b.as_i64().unwrap()),
        "real" => a.as_f64().unwrap().total_cmp(&b.as_f64().unwrap()),
        "boolean" => a.as_bool().unwrap().cmp(&b.as_bool().unwrap()),
        "blob" => {
            STANDARD.decode(a.as_str().unwrap()).unwrap().cmp(&STANDARD.decode(b.as_str().unwrap()).unwrap())
        }
        _ => a.to_string().cmp(&b.to_string()),
    }
}

/// Whether a condition is true, false or unknown of a row.
fn truth(table: &Table, row: &Value, condition: &Value) -> Option<bool> {
    match condition {
        Value::Array(list) => all(list.iter().map(|condition| truth(table, row, condition))),
        _ => all(condition.as_object().unwrap().iter().map(|(name, value)| match name.as_str() {
            "and" => truth(table, row, value),
            "or" => any(value.as_array().unwrap().iter().map(|condition| truth(table, row, condition))),
            "not" => truth(table, row, value).map(|truth| !truth),
            _ => compares(table.column(name).unwrap(), &row[name], value),
        })),
    }
}

/// False where one is false; else unknown where one is unknown.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
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

/// The operators of one column, all of which hold.
fn compares(column: &Column, found: &Value, operators: &Value) -> Option<bool> {
    let order = |value: &Value| (!found.is_null()).then(|| order_of(column, found, value));
    let same = |value: &Value| with_nulls(column, found, value) == Ordering::Equal;
    all(operators.as_object().unwrap().iter().map(|(operator, value)| match operator.as_str() {
        "eq" => order(value).map(Ordering::is_eq),
        "neq" => order(value).map(Ordering::is_ne),
        "gt" => order(value).map(Ordering::is_gt),
        "gte" => order(value).map(Ordering::is_ge),
        "lt" => order(value).map(Ordering::is_lt),
        "lte" => order(value).map(Ordering::is_le),
        "like" => found.as_str().map(|text| is_like(value.as_str().unwrap(), text)),
        "glob" => found.as_str().map(|text| is_glob(value.as_str().unwrap(), text)),
        "in" => any(value.as_array().unwrap().iter().map(|value| order(value).map(Ordering::is_eq))),
        "between" => {
            all([order(&value[0]).map(Ordering::is_ge), order(&value[1]).map(Ordering::is_le)].into_iter())
        }
        "is" => Some(same(value)),
        "not" if value.is_object() => compares(column, found, value).map(|truth| !truth),
        "not" => Some(!same(value)),
        other => panic!("{other}"),
    }))
}
