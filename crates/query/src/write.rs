//! Inserts, updates and deletes: their bodies, every name and value checked, as SQL.

use std::sync::Arc;

use atomicbase_core::{Code, Problem, fresh_uuid};
use db::{Collect, JsonShape, Statement, Value};
use schema::{Column, ColumnType, Table};
use serde_json::value::RawValue;

use super::Scope;
use super::compile::{self, Answer, Query, RowId, Rows};
use super::fault::{Fault, Place, did_you_mean, shown, unknown_column};
use super::fields::{Fields, Json, Members, list};
use super::filter::{Condition, conditions};
use super::relation::has_followers;
use super::select::returning;
use super::sql::Sql;
use super::value;

/// A row, or a list of rows, with its place in the body.
enum Data<'a> {
    One(Members<'a>),
    Listed(Vec<Members<'a>>),
}

/// One statement per row: rows with the same columns share a prepared statement, and a failing row is known by its number.
pub(super) fn insert(
    scope: &Scope<'_>,
    table: &Table,
    body: &RawValue,
    place: &Place<'_>,
) -> Result<Query, Problem> {
    const FIELDS: [&str; 3] = ["data", "returning", "on_conflict"];
    let fields = Fields::read(body, place, &FIELDS, "An object with `data`")?;
    let data_place = place.field("data");
    let data = read_rows(&fields, &data_place, scope.limits.max_operations)?;
    let returning = returning(scope, table, &fields, place)?;
    let conflict = match fields.raw("on_conflict") {
        None => None,
        Some(asked) => Some(Conflict::read(table, asked, &place.field("on_conflict"))?),
    };
    let insert = Insert { table, returned: Returned::new(scope, returning.as_deref()), conflict };
    let (statements, rows) = match &data {
        Data::One(row) => (vec![insert.row(row, &data_place)?], Rows::One(data_place.to_string())),
        Data::Listed(rows) => {
            let statements = rows.iter().enumerate();
            let statements = statements.map(|(index, row)| insert.row(row, &data_place.entry(index)));
            (statements.collect::<Result<_, _>>()?, Rows::Listed(data_place.to_string()))
        }
    };
    // An insert that may turn into an update has no row id to tell: SQLite's is then that of an earlier insert.
    let inserts = insert.conflict.is_none_or(|conflict| conflict.action == Action::Ignore);
    let row_id = (inserts && is_numbered(table)).then_some(RowId { bigint: scope.bigint });
    Ok(Query::new(statements, Answer::Written { returning: returning.is_some(), row_id, rows }))
}

fn read_rows<'a>(fields: &Fields<'a>, place: &Place<'_>, most: usize) -> Result<Data<'a>, Problem> {
    const WANTED: &str = "A row, or a list of rows,";
    let data = fields.raw("data").ok_or_else(|| Fault::query(place, format!("{WANTED} is missing.")))?;
    if !data.get().starts_with('[') {
        return Members::read(data, place, WANTED).map(Data::One);
    }
    let rows = list(data, place, WANTED)?;
    if rows.len() > most {
        let message = format!("An insert has at most {most} rows, not {}.", rows.len());
        return Err(Fault::query(place, message).hint("Send the rows in several requests."));
    }
    let rows = rows.into_iter().enumerate();
    let rows = rows.map(|(index, row)| Members::read(row, &place.entry(index), "A row (an object)"));
    rows.collect::<Result<_, _>>().map(Data::Listed)
}

/// What the rows of an insert share.
struct Insert<'t> {
    table: &'t Table,
    returned: Returned,
    conflict: Option<Conflict<'t>>,
}

impl Insert<'_> {
    fn row(&self, row: &Members<'_>, place: &Place<'_>) -> Result<Statement, Problem> {
        let values = row_to_insert(self.table, row, place)?;
        let mut sql = Sql::with_room();
        sql.push("INSERT INTO ");
        sql.name(&self.table.name);
        // An alias, because a table may be called `excluded`.
        sql.push(" AS t");
        if values.is_empty() && self.conflict.is_some() {
            let message = "The row is empty; with `on_conflict` it has at least one column.";
            return Err(Fault::query(place, message));
        } else if values.is_empty() {
            sql.push(" DEFAULT VALUES");
        } else {
            sql.push(" (");
            sql.list("", values.iter().map(|(column, _)| &column.name));
            sql.push(") VALUES (");
            for (index, (_, value)) in values.into_iter().enumerate() {
                sql.push(if index > 0 { ", " } else { "" });
                sql.bind(value);
            }
            sql.push(")");
        }
        if let Some(conflict) = &self.conflict {
            conflict.write(&mut sql, self.table, row);
        }
        Ok(self.returned.finish(sql))
    }
}

/// Only the rows that the filter finds; alone in its transaction unless it finds them by a key.
pub(super) fn update(
    scope: &Scope<'_>,
    table: &Table,
    body: &RawValue,
    place: &Place<'_>,
) -> Result<Query, Problem> {
    const FIELDS: [&str; 3] = ["data", "where", "returning"];
    const WANTED: &str = "An object of columns and their new values";
    let fields = Fields::read(body, place, &FIELDS, "An object with `data` and `where`")?;
    let data_place = place.field("data");
    let data = fields.raw("data").ok_or_else(|| Fault::query(data_place, format!("{WANTED} is missing.")))?;
    let Members(row) = Members::read(data, &data_place, WANTED)?;
    if row.is_empty() {
        return Err(Fault::query(data_place, "The update sets no column."));
    }
    let filter = mandatory_filter(table, &fields, place)?;
    let returning = returning(scope, table, &fields, place)?;
    let mut sql = Sql::with_room();
    sql.push("UPDATE ");
    sql.name(&table.name);
    sql.push(" SET ");
    let mut seen = Vec::new();
    for (name, raw) in &row {
        let place = data_place.field(name);
        let column = writable(table, name, &place, &mut seen)?;
        sql.push(if seen.len() > 1 { ", " } else { "" });
        sql.name(&column.name);
        sql.push(" = ");
        sql.bind(value::store(table, column, raw, &place)?);
    }
    let alone = !filter.pins_a_key(table);
    sql.push(" WHERE ");
    sql.condition(filter, "");
    Ok(written(scope, sql, returning.as_deref(), Rows::One(data_place.to_string()), alone))
}

/// Only the rows that the filter finds; alone in its transaction unless it finds them by a key and no other rows go with them.
pub(super) fn delete(
    scope: &Scope<'_>,
    table: &Table,
    body: &RawValue,
    place: &Place<'_>,
) -> Result<Query, Problem> {
    let fields = Fields::read(body, place, &["where", "returning"], "An object with `where`")?;
    let filter = mandatory_filter(table, &fields, place)?;
    let returning = returning(scope, table, &fields, place)?;
    let alone = !filter.pins_a_key(table) || has_followers(scope.template, table);
    let mut sql = Sql::with_room();
    sql.push("DELETE FROM ");
    sql.name(&table.name);
    sql.push(" WHERE ");
    sql.condition(filter, "");
    Ok(written(scope, sql, returning.as_deref(), Rows::None, alone))
}

fn mandatory_filter<'t>(
    table: &'t Table,
    fields: &Fields<'_>,
    place: &Place<'_>,
) -> Result<Condition<'t>, Problem> {
    let filter = conditions(fields.value("where", place)?.as_ref(), table, &place.field("where"))?;
    if filter.is_everything() {
        let message = "An update or delete says which rows it is about.";
        return Err(Fault::at(Code::MissingWhereClause, place.field("where"), message)
            .hint("Add `where`, e.g. `[{\"id\": {\"eq\": 1}}]`."));
    }
    Ok(filter)
}

fn written(scope: &Scope<'_>, sql: Sql, returning: Option<&[&Column]>, rows: Rows, alone: bool) -> Query {
    let statement = Returned::new(scope, returning).finish(sql);
    let answer = Answer::Written { returning: returning.is_some(), row_id: None, rows };
    Query { alone, ..Query::new(vec![statement], answer) }
}

/// What a write answers of its rows.
struct Returned(Option<(String, Arc<JsonShape>)>);

impl Returned {
    fn new(scope: &Scope<'_>, columns: Option<&[&Column]>) -> Self {
        Self(columns.map(|columns| compile::returning(scope, columns)))
    }

    fn finish(&self, mut sql: Sql) -> Statement {
        let collect = match &self.0 {
            None => Collect::Nothing,
            Some((clause, shape)) => {
                sql.push(clause);
                Collect::Json(Arc::clone(shape))
            }
        };
        Statement { sql: sql.text.into(), params: sql.params, collect }
    }
}

/// The row's values, with a fresh id where one is made here. What must be given and is not, is refused.
fn row_to_insert<'t>(
    table: &'t Table,
    row: &Members<'_>,
    place: &Place<'_>,
) -> Result<Vec<(&'t Column, Value)>, Problem> {
    let mut seen = Vec::with_capacity(row.0.len());
    let mut values = Vec::with_capacity(row.0.len() + 1);
    for (name, raw) in &row.0 {
        let place = place.field(name);
        let column = writable(table, name, &place, &mut seen)?;
        // A null in the rowid's place would be the next rowid to SQLite; it was sent as a value, so it is refused as one.
        values.push((column, value::store(table, column, raw, &place)?));
    }
    for column in &table.columns {
        if seen.contains(&column.name.as_str()) || column.generated.is_some() || column.default.is_some() {
            continue;
        }
        if column.column_type == ColumnType::Id {
            values.push((column, fresh_uuid().into()));
        } else if table.refuses_null(column) && !(is_numbered(table) && table.in_primary_key(&column.name)) {
            let message = format!("`{}.{}` must have a value.", table.name, column.name);
            return Err(Fault::at(Code::NotNullViolation, place.field(&column.name), message));
        }
    }
    Ok(values)
}

/// Whether a row's key is SQLite's next number where none is given.
fn is_numbered(table: &Table) -> bool {
    let key = table.primary_key.first().and_then(|name| table.column(name));
    table.is_rowid_key() && key.is_some_and(|column| column.column_type == ColumnType::Integer)
}

fn writable<'t>(
    table: &'t Table,
    name: &str,
    place: &Place<'_>,
    seen: &mut Vec<&'t str>,
) -> Result<&'t Column, Problem> {
    let column = table.column(name).ok_or_else(|| unknown_column(table, name, place))?;
    if column.generated.is_some() {
        return Err(Fault::query(place, format!("`{}` is computed and cannot be written.", column.name)));
    }
    if seen.contains(&column.name.as_str()) {
        return Err(Fault::query(place, format!("`{}` stands twice.", column.name)));
    }
    seen.push(&column.name);
    Ok(column)
}

/// ON CONFLICT, for every row of an insert.
struct Conflict<'t> {
    action: Action,
    /// The columns that must be unique together for a conflict to be; `None` is any.
    target: Option<&'t [String]>,
    update: Option<Vec<&'t Column>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Ignore,
    Update,
    Replace,
}

const ACTIONS: [(&str, Action); 3] =
    [("ignore", Action::Ignore), ("update", Action::Update), ("replace", Action::Replace)];

impl<'t> Conflict<'t> {
    fn read(table: &'t Table, body: &RawValue, place: &Place<'_>) -> Result<Self, Problem> {
        const FIELDS: [&str; 3] = ["target", "action", "update"];
        let fields = Fields::read(body, place, &FIELDS, "An object with `target` and `action`")?;
        let action = read_action(fields.value("action", place)?.as_ref(), &place.field("action"))?;
        let update = match fields.value("update", place)? {
            None => None,
            Some(_) if action != Action::Update => {
                let message = "`update` goes with the action `update` alone.";
                return Err(Fault::query(place.field("update"), message));
            }
            Some(json) => Some(columns_to_update(table, &json, &place.field("update"))?),
        };
        let target = match fields.value("target", place)? {
            Some(json) => Some(unique_set(table, &json, &place.field("target"))?),
            None if action == Action::Ignore => None,
            None => Some(table.primary_key.as_slice()),
        };
        Ok(Self { action, target, update })
    }

    /// `replace` sets every column to what an insert would have, by an upsert: SQLite's own REPLACE deletes the row first, which
    /// cascades.
    fn write(&self, sql: &mut Sql, table: &Table, row: &Members<'_>) {
        sql.push(" ON CONFLICT");
        let Some(target) = self.target else { return sql.push(" DO NOTHING") };
        sql.push(" (");
        sql.list("", target);
        sql.push(") DO ");
        if self.action == Action::Ignore {
            return sql.push("NOTHING");
        }
        let in_target = |name: &str| target.iter().any(|column| column == name);
        let given = |name: &str| row.0.iter().any(|(column, _)| column == name);
        let taken_over = |column: &&Column| match (self.action, &self.update) {
            (_, Some(named)) => named.iter().any(|known| known.name == column.name),
            (Action::Replace, None) => {
                // The key of a row that stays stays too, unless the new row names another.
                column.generated.is_none()
                    && !in_target(&column.name)
                    && (given(&column.name) || !table.in_primary_key(&column.name))
            }
            (_, None) => given(&column.name) && !in_target(&column.name),
        };
        sql.push("UPDATE SET ");
        let mut separator = "";
        for column in table.columns.iter().filter(taken_over) {
            sql.push(separator);
            sql.name(&column.name);
            // `excluded` holds the row as it would have been inserted, defaults included.
            sql.push(" = excluded.");
            sql.name(&column.name);
            separator = ", ";
        }
        if let (true, Some(key)) = (separator.is_empty(), target.first()) {
            // Nothing to take over: the row there is the answer all the same.
            sql.name(key);
            sql.push(" = t.");
            sql.name(key);
        }
    }
}

fn read_action(json: Option<&Json<'_>>, place: &Place<'_>) -> Result<Action, Problem> {
    let names = ACTIONS.iter().map(|(name, _)| *name);
    let Some(name) = json.and_then(Json::as_text) else {
        return Err(did_you_mean(Fault::query(place, "An action is wanted."), "", names));
    };
    let known = ACTIONS.iter().find(|(known, _)| *known == name).map(|(_, action)| *action);
    known.ok_or_else(|| {
        let problem = Fault::query(place, format!("There is no action `{}`.", shown(name)));
        did_you_mean(problem, name, names)
    })
}

fn columns_to_update<'t>(
    table: &'t Table,
    json: &Json<'_>,
    place: &Place<'_>,
) -> Result<Vec<&'t Column>, Problem> {
    let mut seen = Vec::new();
    column_names(json, place)?.into_iter().map(|name| writable(table, name, place, &mut seen)).collect()
}

fn column_names<'j>(json: &'j Json<'_>, place: &Place<'_>) -> Result<Vec<&'j str>, Problem> {
    let names: Option<Vec<&str>> = json.as_list().and_then(|list| list.iter().map(Json::as_text).collect());
    match names {
        Some(names) if !names.is_empty() => Ok(names),
        _ => Err(Fault::query(place, "A list of columns is wanted.")),
    }
}

/// The primary key or unique set of exactly the columns named.
fn unique_set<'t>(table: &'t Table, json: &Json<'_>, place: &Place<'_>) -> Result<&'t [String], Problem> {
    let named = column_names(json, place)?;
    for name in &named {
        table.column(name).ok_or_else(|| unknown_column(table, name, place))?;
    }
    let same = |columns: &[String]| {
        columns.len() == named.len() && columns.iter().all(|column| named.contains(&column.as_str()))
    };
    let indexes = table.indexes.iter().filter(|index| index.unique && index.filter.is_none());
    let indexes = indexes.map(|index| &index.columns);
    let sets = || std::iter::once(&table.primary_key).chain(&table.unique).chain(indexes.clone());
    if let Some(set) = sets().find(|set| same(set)) {
        return Ok(set);
    }
    let known: Vec<String> = sets().take(10).map(|set| format!("[{}]", set.join(", "))).collect();
    Err(Fault::query(place, "The target is neither the primary key nor a unique set of columns.")
        .hint(format!("There are {}.", known.join(", "))))
}
