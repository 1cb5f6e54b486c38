//! The shape of a body: known fields, of the right kind, within the limits. Knows no table.

use std::fmt;

use atomicbase_core::{Code, Limits, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::fault::{Fault, did_you_mean, join, shown};
use super::filter::{Condition, conditions};

/// A select's body.
#[derive(Debug)]
pub(super) struct Select {
    pub items: Vec<Item>,
    pub filter: Condition,
    pub order: Vec<Order>,
    pub limit: Option<u64>,
    pub offset: Option<u64>,
    pub path: String,
}

/// One entry of `select` or `returning`.
#[derive(Debug)]
pub(super) enum Item {
    All,
    Column { name: String, path: String },
    Relation { label: String, from: String, items: Vec<Item>, path: String },
}

/// One column of `order`.
#[derive(Debug)]
pub(super) struct Order {
    pub column: String,
    pub descending: bool,
    pub path: String,
}

/// An insert's body.
#[derive(Debug)]
pub(super) struct Insert<'a> {
    pub rows: Vec<(Row<'a>, String)>,
    pub returning: Option<Vec<Item>>,
    pub on_conflict: Option<OnConflict>,
}

/// What an insert does where a row is there already.
#[derive(Debug)]
pub(super) struct OnConflict {
    pub target: Option<Vec<String>>,
    pub action: Action,
    pub update: Option<Vec<String>>,
    pub path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Ignore,
    Update,
    Replace,
}

/// An update's body.
#[derive(Debug)]
pub(super) struct Update<'a> {
    pub row: Row<'a>,
    pub filter: Condition,
    pub returning: Option<Vec<Item>>,
    pub path: String,
}

/// A delete's body.
#[derive(Debug)]
pub(super) struct Delete {
    pub filter: Condition,
    pub returning: Option<Vec<Item>>,
}

/// A batch's body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch<'a> {
    #[serde(borrow)]
    pub operations: Vec<Operation<'a>>,
}

/// One operation of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation<'a> {
    pub operation: String,
    pub table: String,
    #[serde(borrow, default)]
    pub body: Option<&'a RawValue>,
}

/// A row as it was sent: columns in their order, values unread.
#[derive(Debug)]
pub(super) struct Row<'a>(pub Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Row<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of columns and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut columns: Vec<(String, &RawValue)> = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    columns.push((name, value));
                }
                Ok(Row(columns))
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectBody {
    select: Option<Value>,
    r#where: Option<Value>,
    order: Option<Value>,
    limit: Option<Value>,
    offset: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InsertBody<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    returning: Option<Value>,
    on_conflict: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody<'a> {
    #[serde(borrow)]
    data: Row<'a>,
    r#where: Option<Value>,
    returning: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteBody {
    r#where: Option<Value>,
    returning: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnConflictBody {
    target: Option<Vec<String>>,
    action: String,
    update: Option<Vec<String>>,
}

pub(crate) fn parse_batch<'a>(body: &'a RawValue, limits: &Limits) -> Result<Batch<'a>, Problem> {
    let batch: Batch<'_> = read(body.get(), "")?;
    let count = batch.operations.len();
    if count == 0 || count > limits.max_operations {
        let message = format!("A batch has 1 to {} operations, not {count}.", limits.max_operations);
        return Err(Fault::query("operations", message));
    }
    Ok(batch)
}

pub(super) fn select(body: &RawValue, path: &str, limits: &Limits) -> Result<Select, Problem> {
    let body: SelectBody = read(body.get(), path)?;
    let items = match &body.select {
        None => vec![Item::All],
        Some(value) => items(value, &join(path, "select"), limits.depth)?,
    };
    let limit = body.limit.as_ref().map(|value| number(value, &join(path, "limit"))).transpose()?;
    if limit.is_some_and(|limit| limit > limits.max_rows) {
        let message = format!("`limit` is at most {}.", limits.max_rows);
        return Err(Fault::query(&join(path, "limit"), message)
            .hint("Ask for the rows in pages, with `limit` and `offset`."));
    }
    Ok(Select {
        items,
        filter: conditions(body.r#where.as_ref(), &join(path, "where"))?,
        order: body.order.as_ref().map_or(Ok(Vec::new()), |order| orders(order, &join(path, "order")))?,
        limit,
        offset: body.offset.as_ref().map(|value| number(value, &join(path, "offset"))).transpose()?,
        path: path.to_owned(),
    })
}

pub(super) fn insert<'a>(body: &'a RawValue, path: &str, limits: &Limits) -> Result<Insert<'a>, Problem> {
    let body: InsertBody<'a> = read(body.get(), path)?;
    let data = join(path, "data");
    let rows = if body.data.get().starts_with('[') {
        let rows: Vec<Row<'a>> = read(body.data.get(), &data)?;
        if rows.len() > limits.max_operations {
            let message =
                format!("An insert has at most {} rows, not {}.", limits.max_operations, rows.len());
            return Err(Fault::query(&data, message));
        }
        rows.into_iter().enumerate().map(|(index, row)| (row, format!("{data}[{index}]"))).collect()
    } else {
        vec![(read(body.data.get(), &data)?, data)]
    };
    let on_conflict =
        body.on_conflict.map(|value| on_conflict(value, join(path, "on_conflict"))).transpose()?;
    Ok(Insert { rows, returning: returning(body.returning.as_ref(), path)?, on_conflict })
}

pub(super) fn update<'a>(body: &'a RawValue, path: &str, _: &Limits) -> Result<Update<'a>, Problem> {
    let body: UpdateBody<'a> = read(body.get(), path)?;
    Ok(Update {
        row: body.data,
        filter: mandatory(body.r#where.as_ref(), path)?,
        returning: returning(body.returning.as_ref(), path)?,
        path: path.to_owned(),
    })
}

pub(super) fn delete(body: &RawValue, path: &str, _: &Limits) -> Result<Delete, Problem> {
    let body: DeleteBody = read(body.get(), path)?;
    let filter = mandatory(body.r#where.as_ref(), path)?;
    Ok(Delete { filter, returning: returning(body.returning.as_ref(), path)? })
}

/// JSON of a known shape; what does not fit names the field that was meant.
fn read<'a, T: Deserialize<'a>>(json: &'a str, path: &str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| {
        let problem = Problem::of_json(&error, json.is_empty());
        if path.is_empty() { problem } else { problem.at(path, "does not fit") }
    })
}

fn mandatory(filter: Option<&Value>, path: &str) -> Result<Condition, Problem> {
    let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    if filter.is_none_or(|value| value.is_null() || empty(value)) {
        return Err(Problem::new(
            Code::MissingWhereClause,
            "An update or delete says which rows it is about.",
        )
        .hint("Add `where`, e.g. `[{\"id\": {\"eq\": 1}}]`."));
    }
    conditions(filter, &join(path, "where"))
}

fn returning(value: Option<&Value>, path: &str) -> Result<Option<Vec<Item>>, Problem> {
    let path = join(path, "returning");
    let Some(value) = value else { return Ok(None) };
    let items = items(value, &path, 0)?;
    Ok(Some(items))
}

/// A `select`: a list, or one column by itself. `depth` is how many levels of relations may follow.
fn items(value: &Value, path: &str, depth: usize) -> Result<Vec<Item>, Problem> {
    match value {
        Value::String(_) => Ok(vec![column(value, path)?]),
        Value::Array(list) if list.is_empty() => Err(Fault::query(path, "The list of columns is empty.")),
        Value::Array(list) => {
            let mut found = Vec::with_capacity(list.len());
            for (index, entry) in list.iter().enumerate() {
                let path = format!("{path}[{index}]");
                match entry {
                    Value::Object(relations) => {
                        for (label, value) in relations {
                            found.push(relation(label, value, &path, depth)?);
                        }
                    }
                    _ => found.push(column(entry, &path)?),
                }
            }
            Ok(found)
        }
        _ => Err(Fault::query(path, "A list of columns and relations is wanted.")),
    }
}

fn column(value: &Value, path: &str) -> Result<Item, Problem> {
    match value.as_str() {
        Some("*") => Ok(Item::All),
        Some(name) => Ok(Item::Column { name: name.to_owned(), path: path.to_owned() }),
        None => Err(Fault::query(path, "A column's name or an object of relations is wanted.")),
    }
}

fn relation(label: &str, value: &Value, path: &str, depth: usize) -> Result<Item, Problem> {
    let path = join(path, label);
    if depth == 0 {
        return Err(Fault::at(Code::QueryTooDeep, &path, "Relations do not nest this deep here.")
            .hint("Ask for the inner rows in a query of their own."));
    }
    let (from, select) = match value {
        Value::Object(fields) => aliased(label, fields, &path)?,
        _ => (label.to_owned(), Some(value)),
    };
    let items = match select {
        None => vec![Item::All],
        Some(select) => items(select, &path, depth - 1)?,
    };
    Ok(Item::Relation { label: label.to_owned(), from, items, path })
}

/// `{"from": "tasks", "select": […]}`.
fn aliased<'a>(
    label: &str,
    fields: &'a Map<String, Value>,
    path: &str,
) -> Result<(String, Option<&'a Value>), Problem> {
    known_fields(fields, &["from", "select"], path)?;
    let from = match fields.get("from") {
        None => label.to_owned(),
        Some(Value::String(from)) => from.clone(),
        Some(_) => return Err(Fault::query(&join(path, "from"), "`from` is a table's name.")),
    };
    Ok((from, fields.get("select")))
}

fn known_fields(fields: &Map<String, Value>, known: &[&str], path: &str) -> Result<(), Problem> {
    match fields.keys().find(|field| !known.contains(&field.as_str())) {
        None => Ok(()),
        Some(field) => {
            let problem =
                Fault::query(&join(path, field), format!("There is no field `{}` here.", shown(field)));
            Err(did_you_mean(problem, field, known.iter().copied()))
        }
    }
}

/// `{"a": "asc"}` or a list of these.
fn orders(value: &Value, path: &str) -> Result<Vec<Order>, Problem> {
    let one = |fields: &Map<String, Value>, path: &str| -> Result<Vec<Order>, Problem> {
        let terms = fields.iter().map(|(column, direction)| {
            let path = join(path, column);
            let descending = match direction.as_str() {
                Some("asc") => false,
                Some("desc") => true,
                _ => return Err(Fault::query(&path, "The order is \"asc\" or \"desc\".")),
            };
            Ok(Order { column: column.clone(), descending, path })
        });
        terms.collect()
    };
    let wanted = "`order` is {column: \"asc\" | \"desc\"} or a list of these.";
    match value {
        Value::Object(fields) => one(fields, path),
        Value::Array(list) => {
            let mut orders = Vec::new();
            for (index, entry) in list.iter().enumerate() {
                let path = format!("{path}[{index}]");
                orders.extend(one(entry.as_object().ok_or_else(|| Fault::query(&path, wanted))?, &path)?);
            }
            Ok(orders)
        }
        _ => Err(Fault::query(path, wanted)),
    }
}

fn number(value: &Value, path: &str) -> Result<u64, Problem> {
    // SQLite counts rows in 63 bits.
    let number = value.as_u64().filter(|number| i64::try_from(*number).is_ok());
    number.ok_or_else(|| Fault::query(path, "A whole number, 0 or more, is wanted."))
}

fn on_conflict(value: Value, path: String) -> Result<OnConflict, Problem> {
    let body: OnConflictBody = serde_json::from_value(value).map_err(|error| {
        let problem = Problem::of_json(&error, false);
        problem.at(path.clone(), "does not fit")
    })?;
    let action = match body.action.as_str() {
        "ignore" => Action::Ignore,
        "update" => Action::Update,
        "replace" => Action::Replace,
        other => {
            let message = format!("There is no action `{}`.", shown(other));
            let problem = Fault::query(&join(&path, "action"), message);
            return Err(did_you_mean(problem, other, ["ignore", "update", "replace"]));
        }
    };
    if body.update.is_some() && action != Action::Update {
        return Err(Fault::query(&join(&path, "update"), "`update` goes with the action `update` alone."));
    }
    Ok(OnConflict { target: body.target, action, update: body.update, path })
}
