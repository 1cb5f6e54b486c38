//! A select's body: which columns and relations, which rows, in which order and how many. Checked against the table, no SQL yet.

use atomicbase_core::{Code, Problem};
use schema::{Column, Table};
use serde_json::value::RawValue;

use super::Scope;
use super::fault::{Fault, Place, unknown_column};
use super::fields::{Fields, Json, Member, unknown_field};
use super::filter::{Condition, conditions};
use super::relation::{self, Relation};

/// Relations of one select, all levels together. Each is a statement that repeats the conditions of those above it.
const RELATIONS: usize = 50;
/// Entries of one select, all levels together; a table has at most 500 columns.
const ITEMS: usize = 2_000;
/// Columns of one order.
const ORDERS: usize = 50;
/// The longest name given to a relation. It is written once per row.
const LABEL_BYTES: usize = 64;

/// A select.
#[derive(Debug)]
pub(super) struct Select<'t> {
    pub selection: Selection<'t>,
    pub filter: Condition<'t>,
    pub order: Vec<Order<'t>>,
    pub limit: u64,
    pub offset: i64,
}

/// What is asked of a table's rows.
#[derive(Debug, Default)]
pub(super) struct Selection<'t> {
    /// Once each, in the order asked.
    pub columns: Vec<&'t Column>,
    pub relations: Vec<Related<'t>>,
}

/// A relation under its name in the answer.
#[derive(Debug)]
pub(super) struct Related<'t> {
    pub label: String,
    pub relation: Relation<'t>,
    pub selection: Selection<'t>,
}

/// One column of an order.
#[derive(Debug)]
pub(super) struct Order<'t> {
    pub column: &'t Column,
    pub descending: bool,
}

/// Reads a select's body.
pub(super) fn select<'t>(
    scope: &Scope<'t>,
    table: &'t Table,
    body: &RawValue,
    place: &Place<'_>,
) -> Result<Select<'t>, Problem> {
    const FIELDS: [&str; 5] = ["select", "where", "order", "limit", "offset"];
    let fields = Fields::read(body, place, &FIELDS, "An object with `select`, `where`, `order` and `limit`")?;
    let selection = match fields.value("select", place)? {
        None => Selection::all(table),
        Some(json) => Items::of(scope).list(table, &json, &place.field("select"), scope.limits.depth)?,
    };
    let most = scope.limits.max_rows;
    let limit = whole_number(&fields, "limit", place)?.unwrap_or(scope.limits.default_rows.min(most));
    if limit > most {
        return Err(Fault::query(place.field("limit"), format!("`limit` is at most {most}."))
            .hint("Ask for the rows in pages, with `limit` and `offset`."));
    }
    let order = match fields.value("order", place)? {
        None => Vec::new(),
        Some(json) => orders(table, &json, &place.field("order"))?,
    };
    let filter = conditions(fields.value("where", place)?.as_ref(), table, &place.field("where"))?;
    // SQLite counts rows in 63 bits.
    let offset = whole_number(&fields, "offset", place)?.and_then(|offset| i64::try_from(offset).ok());
    Ok(Select { selection, filter, order, limit, offset: offset.unwrap_or(0) })
}

/// Reads `returning`: columns, no relations.
pub(super) fn returning<'t>(
    scope: &Scope<'t>,
    table: &'t Table,
    fields: &Fields<'_>,
    place: &Place<'_>,
) -> Result<Option<Vec<&'t Column>>, Problem> {
    let Some(json) = fields.value("returning", place)? else { return Ok(None) };
    let items = Items { returning: true, ..Items::of(scope) };
    items.list_of_columns(table, &json, &place.field("returning")).map(Some)
}

impl<'t> Selection<'t> {
    fn all(table: &'t Table) -> Self {
        Self { columns: table.columns.iter().collect(), relations: Vec::new() }
    }

    fn add(&mut self, column: &'t Column) {
        if !self.columns.iter().any(|known| known.name == column.name) {
            self.columns.push(column);
        }
    }
}

/// Reads a `select`, and counts while it does.
struct Items<'s, 't> {
    scope: &'s Scope<'t>,
    /// Only columns are read.
    returning: bool,
    count: usize,
    relations: usize,
}

impl<'s, 't> Items<'s, 't> {
    fn of(scope: &'s Scope<'t>) -> Self {
        Self { scope, returning: false, count: 0, relations: 0 }
    }

    fn list_of_columns(
        mut self,
        table: &'t Table,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Vec<&'t Column>, Problem> {
        self.list(table, json, place, 0).map(|selection| selection.columns)
    }

    /// A list, or one column by itself. `depth` is how many levels of relations may follow.
    fn list(
        &mut self,
        table: &'t Table,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Selection<'t>, Problem> {
        let mut found = Selection::default();
        match json {
            Json::Text(_) => self.column(table, json, place, &mut found)?,
            Json::List(list) if list.is_empty() => {
                return Err(Fault::query(place, "The list of columns is empty.")
                    .hint("Write [\"*\"] for all of them."));
            }
            Json::List(list) => {
                for (index, entry) in list.iter().enumerate() {
                    self.entry(table, entry, &place.entry(index), depth, &mut found)?;
                }
                labels_differ(&found, list, place)?;
            }
            _ => return Err(Fault::query(place, "A list of columns and relations is wanted.")),
        }
        Ok(found)
    }

    fn entry(
        &mut self,
        table: &'t Table,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
        found: &mut Selection<'t>,
    ) -> Result<(), Problem> {
        match json.members(place)? {
            Some(relations) if !relations.is_empty() => {
                for (label, json) in relations {
                    let related = self.relation(table, label, json, &place.field(label), depth)?;
                    found.relations.push(related);
                }
                Ok(())
            }
            _ => self.column(table, json, place, found),
        }
    }

    fn column(
        &mut self,
        table: &'t Table,
        json: &Json<'_>,
        place: &Place<'_>,
        found: &mut Selection<'t>,
    ) -> Result<(), Problem> {
        self.count += 1;
        if self.count > ITEMS {
            return Err(Fault::query(place, format!("A select names at most {ITEMS} columns.")));
        }
        match json.as_text() {
            Some("*") => table.columns.iter().for_each(|column| found.add(column)),
            Some(name) => {
                found.add(table.column(name).ok_or_else(|| self.unknown_item(table, name, place))?);
            }
            None => {
                return Err(Fault::query(place, "A column's name or an object of relations is wanted."));
            }
        }
        Ok(())
    }

    /// A table named like a column was probably meant as a relation.
    fn unknown_item(&self, table: &Table, name: &str, place: &Place<'_>) -> Problem {
        let problem = unknown_column(table, name, place);
        if !self.returning && relation::find(self.scope.template, table, name, place).is_ok() {
            return problem.hint(format!("`{name}` is a relation: write {{\"{name}\": [\"*\"]}}."));
        }
        problem
    }

    fn relation(
        &mut self,
        table: &'t Table,
        label: &str,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Related<'t>, Problem> {
        if self.returning {
            return Err(Fault::query(place, "`returning` takes columns, no relations.")
                .hint("Select the relation in a query of its own."));
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Fault::at(Code::QueryTooDeep, place, "Relations do not nest this deep here.")
                .hint("Ask for the inner rows in a query of their own."));
        };
        self.relations += 1;
        if self.relations > RELATIONS {
            return Err(Fault::query(place, format!("A select has at most {RELATIONS} relations."))
                .hint("Ask for some of them in a query of their own."));
        }
        if label.len() > LABEL_BYTES {
            return Err(Fault::query(place, format!("A name has at most {LABEL_BYTES} bytes.")));
        }
        let (from, select) = match json.members(place)? {
            Some(fields) => renamed(label, fields, place)?,
            None => (label, Some(json)),
        };
        let relation = relation::find(self.scope.template, table, from, place)?;
        let selection = match select {
            None => Selection::all(relation.table),
            Some(json) => self.list(relation.table, json, place, depth)?,
        };
        Ok(Related { label: label.to_owned(), relation, selection })
    }
}

/// `{"from": "tasks", "select": […]}`.
fn renamed<'j>(
    label: &'j str,
    fields: &'j [Member<'j>],
    place: &Place<'_>,
) -> Result<(&'j str, Option<&'j Json<'j>>), Problem> {
    const KNOWN: [&str; 2] = ["from", "select"];
    if let Some((name, _)) = fields.iter().find(|(name, _)| !KNOWN.contains(&name.as_ref())) {
        return Err(unknown_field(name, &KNOWN, place));
    }
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, json)| json);
    let from = match field("from") {
        None => label,
        Some(Json::Text(from)) => from,
        Some(_) => return Err(Fault::query(place.field("from"), "`from` is a table's name.")),
    };
    Ok((from, field("select").filter(|json| !json.is_null())))
}

/// Every member of an answered row has a name of its own.
fn labels_differ(found: &Selection<'_>, list: &[Json<'_>], place: &Place<'_>) -> Result<(), Problem> {
    for (index, Related { label, .. }) in found.relations.iter().enumerate() {
        let earlier = found.relations[..index].iter().any(|other| other.label == *label);
        if earlier || found.columns.iter().any(|column| column.name == *label) {
            let names_it = |entry: &Json<'_>| match entry {
                Json::Object(members) => members.iter().any(|(name, _)| name == label),
                _ => false,
            };
            let at = list.iter().rposition(names_it).unwrap_or(0);
            return Err(Fault::query(place.entry(at).field(label), format!("`{label}` is selected twice."))
                .hint("Give the relation another name: {\"other\": {\"from\": …, \"select\": […]}}."));
        }
    }
    Ok(())
}

/// `{"a": "asc"}` or a list of these.
fn orders<'t>(table: &'t Table, json: &Json<'_>, place: &Place<'_>) -> Result<Vec<Order<'t>>, Problem> {
    let mut orders = Vec::new();
    match json {
        Json::List(list) => {
            for (index, entry) in list.iter().enumerate() {
                add_orders(table, entry, &place.entry(index), &mut orders)?;
            }
        }
        _ => add_orders(table, json, place, &mut orders)?,
    }
    if orders.len() > ORDERS {
        return Err(Fault::query(place, format!("An order has at most {ORDERS} columns.")));
    }
    Ok(orders)
}

fn add_orders<'t>(
    table: &'t Table,
    json: &Json<'_>,
    place: &Place<'_>,
    orders: &mut Vec<Order<'t>>,
) -> Result<(), Problem> {
    let Some(fields) = json.members(place)? else {
        return Err(Fault::query(place, "`order` is {column: \"asc\" | \"desc\"} or a list of these."));
    };
    for (name, direction) in fields {
        let place = place.field(name);
        let column = table.column(name).ok_or_else(|| unknown_column(table, name, &place))?;
        let descending = match direction.as_text() {
            Some("asc") => false,
            Some("desc") => true,
            _ => return Err(Fault::query(place, "The order is \"asc\" or \"desc\".")),
        };
        orders.push(Order { column, descending });
    }
    Ok(())
}

fn whole_number(fields: &Fields<'_>, name: &str, place: &Place<'_>) -> Result<Option<u64>, Problem> {
    let Some(json) = fields.value(name, place)? else { return Ok(None) };
    let number = match &json {
        Json::Number(number) => number.as_u64().filter(|number| i64::try_from(*number).is_ok()),
        _ => None,
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(Fault::query(place.field(name), "A whole number, 0 or more, is wanted.")),
    }
}
