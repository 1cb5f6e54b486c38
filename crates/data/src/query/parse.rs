//! The shape of a body: known fields, of the right kind, within the limits. Knows no table.

use atomicbase_core::{Code, Limits, Problem};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::fault::{Fault, did_you_mean, join, shown};
use super::fields::{Fields, Members, list, unknown_field};
use super::filter::{Condition, conditions};

/// Relations of one select, all levels together. Each is a statement that repeats the conditions of those above it.
const RELATIONS: usize = 50;
/// Entries of one select, all levels together; a table has at most 500 columns.
const ITEMS: usize = 2_000;
/// Columns of one order.
const ORDERS: usize = 50;
/// The longest name given to a relation. It is written once per row.
const LABEL_BYTES: usize = 64;

/// A select's body.
#[derive(Debug)]
pub(super) struct Select {
    pub items: Vec<Item>,
    pub filter: Condition,
    pub order: Vec<Order>,
    pub limit: Option<u64>,
    pub offset: Option<u64>,
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
    /// Each row with its place in the body.
    pub rows: Vec<(Members<'a>, String)>,
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
    pub row: Members<'a>,
    /// Where the row stands in the body.
    pub place: String,
    pub filter: Condition,
    pub returning: Option<Vec<Item>>,
}

/// A delete's body.
#[derive(Debug)]
pub(super) struct Delete {
    pub filter: Condition,
    pub returning: Option<Vec<Item>>,
}

pub(super) fn select(body: &RawValue, path: &str, limits: &Limits) -> Result<Select, Problem> {
    const FIELDS: [&str; 5] = ["select", "where", "order", "limit", "offset"];
    let fields = Fields::read(body, path, &FIELDS, "An object with `select`, `where`, `order` and `limit`")?;
    let items = match fields.value("select")? {
        None => vec![Item::All],
        Some(value) => Items::default().list(&value, &fields.path("select"), limits.depth)?,
    };
    let number = |name: &str| -> Result<Option<u64>, Problem> {
        fields.value(name)?.map(|value| whole_number(&value, &fields.path(name))).transpose()
    };
    let limit = number("limit")?;
    if limit.is_some_and(|limit| limit > limits.max_rows) {
        let message = format!("`limit` is at most {}.", limits.max_rows);
        return Err(Fault::query(&fields.path("limit"), message)
            .hint("Ask for the rows in pages, with `limit` and `offset`."));
    }
    let order = fields.value("order")?.map(|value| orders(&value, &fields.path("order"))).transpose()?;
    Ok(Select {
        items,
        filter: conditions(fields.value("where")?.as_ref(), &fields.path("where"))?,
        order: order.unwrap_or_default(),
        limit,
        offset: number("offset")?,
    })
}

pub(super) fn insert<'a>(body: &'a RawValue, path: &str, limits: &Limits) -> Result<Insert<'a>, Problem> {
    const FIELDS: [&str; 3] = ["data", "returning", "on_conflict"];
    let fields = Fields::read(body, path, &FIELDS, "An object with `data`")?;
    let place = fields.path("data");
    let wanted = "A row, or a list of rows,";
    let data = fields.raw("data").ok_or_else(|| Fault::query(&place, format!("{wanted} is missing.")))?;
    let rows = if data.get().starts_with('[') {
        let rows = list(data, &place, wanted)?;
        if rows.len() > limits.max_operations {
            let message =
                format!("An insert has at most {} rows, not {}.", limits.max_operations, rows.len());
            return Err(Fault::query(&place, message).hint("Send the rows in several requests."));
        }
        let rows = rows.into_iter().enumerate().map(|(index, row)| {
            let place = format!("{place}[{index}]");
            Ok((Members::read(row, &place, "A row (an object)")?, place))
        });
        rows.collect::<Result<_, Problem>>()?
    } else {
        vec![(Members::read(data, &place, wanted)?, place)]
    };
    let on_conflict = fields.raw("on_conflict").map(|value| on_conflict(value, &fields)).transpose()?;
    Ok(Insert { rows, returning: returning(&fields)?, on_conflict })
}

pub(super) fn update<'a>(body: &'a RawValue, path: &str) -> Result<Update<'a>, Problem> {
    const FIELDS: [&str; 3] = ["data", "where", "returning"];
    let fields = Fields::read(body, path, &FIELDS, "An object with `data` and `where`")?;
    let place = fields.path("data");
    let data = fields
        .raw("data")
        .ok_or_else(|| Fault::query(&place, "An object of columns and their new values is missing."))?;
    let row = Members::read(data, &place, "An object of columns and their new values")?;
    Ok(Update { row, place, filter: mandatory_filter(&fields)?, returning: returning(&fields)? })
}

pub(super) fn delete(body: &RawValue, path: &str) -> Result<Delete, Problem> {
    let fields = Fields::read(body, path, &["where", "returning"], "An object with `where`")?;
    Ok(Delete { filter: mandatory_filter(&fields)?, returning: returning(&fields)? })
}

fn mandatory_filter(fields: &Fields<'_>) -> Result<Condition, Problem> {
    let path = fields.path("where");
    let filter = conditions(fields.value("where")?.as_ref(), &path)?;
    if filter.is_everything() {
        let message = "An update or delete says which rows it is about.";
        return Err(Fault::at(Code::MissingWhereClause, &path, message)
            .hint("Add `where`, e.g. `[{\"id\": {\"eq\": 1}}]`."));
    }
    Ok(filter)
}

fn returning(fields: &Fields<'_>) -> Result<Option<Vec<Item>>, Problem> {
    // One level of relations is read, so that their refusal can say what `returning` takes.
    let items =
        fields.value("returning")?.map(|value| Items::default().list(&value, &fields.path("returning"), 1));
    items.transpose()
}

/// Reads a `select`, and counts while it does.
#[derive(Default)]
struct Items {
    count: usize,
    relations: usize,
}

impl Items {
    /// A list, or one column by itself. `depth` is how many levels of relations may follow.
    fn list(&mut self, value: &Value, path: &str, depth: usize) -> Result<Vec<Item>, Problem> {
        match value {
            Value::String(_) => Ok(vec![self.column(value, path)?]),
            Value::Array(list) if list.is_empty() => {
                Err(Fault::query(path, "The list of columns is empty.")
                    .hint("Write [\"*\"] for all of them."))
            }
            Value::Array(list) => {
                let mut found = Vec::with_capacity(list.len().min(ITEMS));
                for (index, entry) in list.iter().enumerate() {
                    self.entry(entry, &format!("{path}[{index}]"), depth, &mut found)?;
                }
                Ok(found)
            }
            _ => Err(Fault::query(path, "A list of columns and relations is wanted.")),
        }
    }

    fn entry(
        &mut self,
        entry: &Value,
        path: &str,
        depth: usize,
        found: &mut Vec<Item>,
    ) -> Result<(), Problem> {
        match entry {
            Value::Object(relations) if !relations.is_empty() => {
                for (label, value) in relations {
                    found.push(self.relation(label, value, path, depth)?);
                }
            }
            _ => found.push(self.column(entry, path)?),
        }
        Ok(())
    }

    fn column(&mut self, value: &Value, path: &str) -> Result<Item, Problem> {
        self.count += 1;
        if self.count > ITEMS {
            return Err(Fault::query(path, format!("A select names at most {ITEMS} columns.")));
        }
        match value.as_str() {
            Some("*") => Ok(Item::All),
            Some(name) => Ok(Item::Column { name: name.to_owned(), path: path.to_owned() }),
            None => Err(Fault::query(path, "A column's name or an object of relations is wanted.")),
        }
    }

    fn relation(&mut self, label: &str, value: &Value, path: &str, depth: usize) -> Result<Item, Problem> {
        let path = join(path, label);
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Fault::at(Code::QueryTooDeep, &path, "Relations do not nest this deep here.")
                .hint("Ask for the inner rows in a query of their own."));
        };
        self.relations += 1;
        if self.relations > RELATIONS {
            return Err(Fault::query(&path, format!("A select has at most {RELATIONS} relations."))
                .hint("Ask for some of them in a query of their own."));
        }
        if label.len() > LABEL_BYTES {
            return Err(Fault::query(&path, format!("A name has at most {LABEL_BYTES} bytes.")));
        }
        let (from, select) = match value {
            Value::Object(fields) => aliased(label, fields, &path)?,
            _ => (label.to_owned(), Some(value)),
        };
        let items = match select {
            None => vec![Item::All],
            Some(select) => self.list(select, &path, depth)?,
        };
        Ok(Item::Relation { label: label.to_owned(), from, items, path })
    }
}

/// `{"from": "tasks", "select": […]}`.
fn aliased<'a>(
    label: &str,
    fields: &'a Map<String, Value>,
    path: &str,
) -> Result<(String, Option<&'a Value>), Problem> {
    const KNOWN: [&str; 2] = ["from", "select"];
    if let Some(name) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(unknown_field(name, &KNOWN, path));
    }
    let from = match fields.get("from") {
        None => label.to_owned(),
        Some(Value::String(from)) => from.clone(),
        Some(_) => return Err(Fault::query(&join(path, "from"), "`from` is a table's name.")),
    };
    Ok((from, fields.get("select").filter(|select| !select.is_null())))
}

/// `{"a": "asc"}` or a list of these.
fn orders(value: &Value, path: &str) -> Result<Vec<Order>, Problem> {
    let wanted = "`order` is {column: \"asc\" | \"desc\"} or a list of these.";
    let mut orders = Vec::new();
    let mut add = |value: &Value, path: &str| -> Result<(), Problem> {
        let fields = value.as_object().ok_or_else(|| Fault::query(path, wanted))?;
        for (column, direction) in fields {
            let path = join(path, column);
            let descending = match direction.as_str() {
                Some("asc") => false,
                Some("desc") => true,
                _ => return Err(Fault::query(&path, "The order is \"asc\" or \"desc\".")),
            };
            orders.push(Order { column: column.clone(), descending, path });
        }
        Ok(())
    };
    match value {
        Value::Array(list) => {
            for (index, entry) in list.iter().enumerate() {
                add(entry, &format!("{path}[{index}]"))?;
            }
        }
        _ => add(value, path)?,
    }
    if orders.len() > ORDERS {
        return Err(Fault::query(path, format!("An order has at most {ORDERS} columns.")));
    }
    Ok(orders)
}

fn whole_number(value: &Value, path: &str) -> Result<u64, Problem> {
    // SQLite counts rows in 63 bits.
    let number = value.as_u64().filter(|number| i64::try_from(*number).is_ok());
    number.ok_or_else(|| Fault::query(path, "A whole number, 0 or more, is wanted."))
}

fn on_conflict(value: &RawValue, insert: &Fields<'_>) -> Result<OnConflict, Problem> {
    const ACTIONS: [(&str, Action); 3] =
        [("ignore", Action::Ignore), ("update", Action::Update), ("replace", Action::Replace)];
    let path = insert.path("on_conflict");
    let fields =
        Fields::read(value, &path, &["target", "action", "update"], "An object with `target` and `action`")?;
    let names = ACTIONS.iter().map(|(name, _)| *name);
    let at = fields.path("action");
    let action = match fields.value("action")? {
        Some(Value::String(name)) => match ACTIONS.iter().find(|(known, _)| *known == name) {
            Some((_, action)) => *action,
            None => {
                let problem = Fault::query(&at, format!("There is no action `{}`.", shown(&name)));
                return Err(did_you_mean(problem, &name, names));
            }
        },
        _ => return Err(did_you_mean(Fault::query(&at, "An action is wanted."), "", names)),
    };
    let columns = |name: &str| -> Result<Option<Vec<String>>, Problem> {
        fields.value(name)?.map(|value| column_names(&value, &fields.path(name))).transpose()
    };
    let update = columns("update")?;
    if update.is_some() && action != Action::Update {
        return Err(Fault::query(&fields.path("update"), "`update` goes with the action `update` alone."));
    }
    Ok(OnConflict { target: columns("target")?, action, update, path })
}

fn column_names(value: &Value, path: &str) -> Result<Vec<String>, Problem> {
    let names: Option<Vec<String>> =
        value.as_array().and_then(|list| list.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    match names {
        Some(names) if !names.is_empty() => Ok(names),
        _ => Err(Fault::query(path, "A list of columns is wanted.")),
    }
}
