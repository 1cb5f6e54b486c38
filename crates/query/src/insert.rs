//! Inserts: every name and value of their rows checked, as SQL.

use atomicbase_core::{Code, Problem, fresh_uuid};
use schema::{Column, ColumnType, Table};
use serde_json::value::RawValue;

use super::Scope;
use super::condition::Scalar;
use super::conflict::Conflict;
use super::fault::{Fault, Place};
use super::fields::{Fields, Members, list};
use super::filter::rule;
use super::guard;
use super::plan::{Answer, Query, RowId, Rows, Statements};
use super::returned::Returned;
use super::sql::Sql;
use super::value;
use super::view::{Action, View};

/// A row, or a list of rows, with its place in the body.
enum Data<'a> {
    One(Members<'a>),
    Listed(Vec<Members<'a>>),
}

/// One statement per row: rows with the same columns share a prepared statement, and a failing row is known by its number.
pub(super) fn insert<'t>(
    scope: &Scope<'t>,
    view: View<'t>,
    body: &RawValue,
    kept: &[&'t Column],
    place: &Place<'_>,
) -> Result<Query, Problem> {
    const FIELDS: [&str; 3] = ["data", "returning", "on_conflict"];
    view.require(Action::Insert, place)?;
    let fields = Fields::read(body, place, &FIELDS, "An object with `data`")?;
    let data_place = place.field("data");
    let data = read_rows(&fields, &data_place, scope.limits.max_operations)?;
    let conflict = match fields.raw("on_conflict") {
        None => None,
        Some(asked) => Some(Conflict::read(scope, view, asked, &place.field("on_conflict"))?),
    };
    let updates = conflict.as_ref().is_some_and(Conflict::updates);
    let mut check = rule(scope, view, view.check(Action::Insert))?;
    if updates {
        check = check.and(rule(scope, view, view.check(Action::Update))?);
    }
    let returned = Returned::read(scope, view, &fields, check, kept, place)?;
    let insert = Insert { scope, view, conflict };
    let mut statements = Statements::default();
    statements.spreads(returned.first_kept());
    let rows = match &data {
        Data::One(row) => {
            returned.finish(insert.row(row, &data_place)?, &mut statements);
            Rows::One(data_place.to_string())
        }
        Data::Listed(rows) => {
            for (index, row) in rows.iter().enumerate() {
                returned.finish(insert.row(row, &data_place.entry(index))?, &mut statements);
            }
            Rows::Listed(data_place.to_string())
        }
    };
    let writes = statements.len();
    if scope.max_affected.is_some_and(|most| writes as u64 > most) {
        return Err(guard::too_many_rows(place));
    }
    let returned = returned.children(scope, writes, &mut statements);
    // An insert that may turn into an update has no row id to tell: SQLite's is then that of an earlier insert.
    let row_id = (!updates && is_numbered(view.table)).then_some(RowId { bigint: scope.bigint });
    Ok(statements.query(Answer::Written { returned, row_id, rows, writes }))
}

/// How many rows an insert's body has, at most; what is no list is one.
pub(super) fn rows_of(body: &RawValue) -> usize {
    let data = serde_json::from_str::<Members<'_>>(body.get()).ok();
    let data = data.as_ref().and_then(|Members(fields)| fields.iter().find(|(name, _)| name == "data"));
    let listed = data.and_then(|(_, data)| serde_json::from_str::<Vec<&RawValue>>(data.get()).ok());
    listed.map_or(1, |rows| rows.len())
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
struct Insert<'s, 't> {
    scope: &'s Scope<'t>,
    view: View<'t>,
    conflict: Option<Conflict<'t>>,
}

impl<'t> Insert<'_, 't> {
    fn row(&self, row: &Members<'_>, place: &Place<'_>) -> Result<Sql, Problem> {
        let values = self.values(row, place)?;
        let mut sql = Sql::with_room();
        sql.push("INSERT INTO ");
        sql.name(&self.view.table.name);
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
                sql.stored(value);
            }
            sql.push(")");
        }
        if let Some(conflict) = &self.conflict {
            conflict.write(&mut sql, self.view, row);
        }
        Ok(sql)
    }

    /// The row's values, with a fresh id where one is made here. What must be given and is not, is refused.
    fn values(&self, row: &Members<'_>, place: &Place<'_>) -> Result<Vec<(&'t Column, Scalar<'t>)>, Problem> {
        let View { table, .. } = self.view;
        let mut seen = Vec::with_capacity(row.0.len());
        let mut values = Vec::with_capacity(row.0.len() + 1);
        for (name, raw) in &row.0 {
            let place = place.field(name);
            let column = writable(self.view, name, &place, &mut seen)?;
            // A null in the rowid's place would be the next rowid to SQLite; it was sent as a value, so it is refused as one.
            values.push((column, value::store(self.scope, table, column, raw, &place)?));
        }
        for column in &table.columns {
            let given = seen.contains(&column.name.as_str());
            if given || column.generated.is_some() || column.default.is_some() {
                continue;
            }
            if column.column_type == ColumnType::Id {
                values.push((column, Scalar::Value(fresh_uuid().into())));
            } else if table.refuses_null(column)
                && !(is_numbered(table) && table.in_primary_key(&column.name))
            {
                return Err(self.missing(column, place));
            }
        }
        Ok(values)
    }

    fn missing(&self, column: &Column, place: &Place<'_>) -> Problem {
        let table = &self.view.table.name;
        if !self.view.shows(column) {
            let message = format!("A row of `{table}` needs a value that this caller cannot give.");
            return Fault::at(Code::NotNullViolation, place, message);
        }
        let message = format!("`{table}.{}` must have a value.", column.name);
        Fault::at(Code::NotNullViolation, place.field(&column.name), message)
    }
}

/// Whether a row's key is SQLite's next number where none is given.
fn is_numbered(table: &Table) -> bool {
    let key = table.primary_key.first().and_then(|name| table.column(name));
    table.is_rowid_key() && key.is_some_and(|column| column.column_type == ColumnType::Integer)
}

pub(super) fn writable<'t>(
    view: View<'t>,
    name: &str,
    place: &Place<'_>,
    seen: &mut Vec<&'t str>,
) -> Result<&'t Column, Problem> {
    let column = view.find(name, place)?;
    if column.generated.is_some() {
        return Err(Fault::query(place, format!("`{}` is computed and cannot be written.", column.name)));
    }
    if seen.contains(&column.name.as_str()) {
        return Err(Fault::query(place, format!("`{}` stands twice.", column.name)));
    }
    seen.push(&column.name);
    Ok(column)
}
