//! Updates and deletes: only the rows that the filter finds, that are there for the caller, and that it may change.

use atomicbase_core::{Code, Problem};
use db::Value as Bound;
use schema::{Column, ColumnType, quote};
use serde_json::value::RawValue;

use super::Scope;
use super::condition::Condition;
use super::fault::{Fault, Place};
use super::fields::{Fields, Json, Members};
use super::filter::{conditions, rule, visible};
use super::guard;
use super::insert::writable;
use super::plan::{Answer, Query, Rows, Statements};
use super::relation::has_followers;
use super::returned::Returned;
use super::sql::Sql;
use super::value::{self, Typed};
use super::view::{Action, View};

/// Alone in its transaction unless the filter finds its rows by a key.
pub(super) fn update<'t>(
    scope: &Scope<'t>,
    view: View<'t>,
    body: &RawValue,
    kept: &[&'t Column],
    place: &Place<'_>,
) -> Result<Query, Problem> {
    const FIELDS: [&str; 3] = ["data", "where", "returning"];
    const WANTED: &str = "An object of columns and their new values";
    view.require(Action::Update, place)?;
    let fields = Fields::read(body, place, &FIELDS, "An object with `data` and `where`")?;
    let data_place = place.field("data");
    let data = fields.raw("data").ok_or_else(|| Fault::query(data_place, format!("{WANTED} is missing.")))?;
    let Members(row) = Members::read(data, &data_place, WANTED)?;
    if row.is_empty() {
        return Err(Fault::query(data_place, "The update sets no column."));
    }
    let reached = Reached::read(scope, view, Action::Update, &fields, place)?;
    let check = rule(scope, view, view.check(Action::Update))?;
    let returned = Returned::read(scope, view, &fields, check, kept, place)?;
    let mut sql = Sql::with_room();
    sql.push("UPDATE ");
    sql.name(&view.table.name);
    sql.push(" SET ");
    let mut seen = Vec::new();
    for (name, raw) in &row {
        let place = data_place.field(name);
        let column = writable(view, name, &place, &mut seen)?;
        sql.push(if seen.len() > 1 { ", " } else { "" });
        sql.name(&column.name);
        sql.push(" = ");
        if let Some(by) = increment(column, raw, &place)? {
            write_increment(&mut sql, column, by);
        } else {
            sql.stored(value::store(scope, view.table, column, raw, &place)?);
        }
    }
    let alone = !reached.by_key;
    let query = reached.write(scope, sql, returned, Rows::One(data_place.to_string()));
    Ok(Query { alone, ..query })
}

/// Alone in its transaction unless the filter finds its rows by a key and no other rows go with them.
pub(super) fn delete<'t>(
    scope: &Scope<'t>,
    view: View<'t>,
    body: &RawValue,
    kept: &[&'t Column],
    place: &Place<'_>,
) -> Result<Query, Problem> {
    view.require(Action::Delete, place)?;
    let fields = Fields::read(body, place, &["where", "returning"], "An object with `where`")?;
    let reached = Reached::read(scope, view, Action::Delete, &fields, place)?;
    let returned = Returned::read(scope, view, &fields, Condition::TRUE, kept, place)?;
    let alone = !reached.by_key || has_followers(scope.template, view.table);
    let mut sql = Sql::with_room();
    sql.push("DELETE FROM ");
    sql.name(&view.table.name);
    let query = reached.write(scope, sql, returned, Rows::None);
    Ok(Query { alone, ..query })
}

/// The rows that a write reaches.
struct Reached<'t> {
    view: View<'t>,
    filter: Condition<'t>,
    /// They are found by a key.
    by_key: bool,
}

impl<'t> Reached<'t> {
    fn read(
        scope: &Scope<'t>,
        view: View<'t>,
        action: Action,
        fields: &Fields<'_>,
        place: &Place<'_>,
    ) -> Result<Self, Problem> {
        // Whoever names rows by their values learns about them.
        view.require(Action::Select, place)?;
        let filter = conditions(scope, view, fields.value("where", place)?.as_ref(), &place.field("where"))?;
        if filter.is_everything() {
            let message = "An update or delete says which rows it is about.";
            return Err(Fault::at(Code::MissingWhereClause, place.field("where"), message)
                .hint("Add `where`, e.g. `[{\"id\": {\"eq\": 1}}]`."));
        }
        let by_key = filter.pins_a_key(view.table);
        let allowed = visible(scope, view)?.and(rule(scope, view, view.using(action))?);
        Ok(Self { view, filter: allowed.and(filter), by_key })
    }

    fn write(self, scope: &Scope<'t>, mut sql: Sql, returned: Returned<'t>, rows: Rows) -> Query {
        let slow = self.filter.has_long_steps();
        sql.push(" WHERE ");
        sql.condition(self.filter, &quote(&self.view.table.name));
        let mut statements = Statements::default();
        let statement = returned.finish(sql, &mut statements);
        statements.keeps(statement, returned.first_kept());
        if let Some(most) = scope.max_affected {
            statements.values(guard::max_affected(most));
        }
        let returned = returned.children(scope, 1, &mut statements);
        let answer = Answer::Written { returned, row_id: None, rows, writes: 1 };
        Query { slow, ..statements.query(answer) }
    }
}

/// `column + ?`, failing where no integer holds the sum: SQLite would go on with a float, which may round back to what was there.
fn write_increment(sql: &mut Sql, column: &Column, by: Bound) {
    let by = sql.parameter(by);
    let sum = format!("{} + {by}", quote(&column.name));
    if column.column_type == ColumnType::Real {
        return sql.push(&sum);
    }
    sql.push(&format!("CASE typeof({sum}) WHEN 'real' THEN {} ELSE {sum} END", db::raise(guard::OVERFLOW)));
}

/// `{"__inc": n}`, which in a `json` column is a value like any other.
fn increment(column: &Column, raw: &RawValue, place: &Place<'_>) -> Result<Option<Bound>, Problem> {
    if column.column_type == ColumnType::Json || !raw.get().starts_with('{') {
        return Ok(None);
    }
    let json = Json::read(raw, place)?;
    let Json::Object(members) = &json else { return Ok(None) };
    let [(word, by)] = members.as_slice() else { return Ok(None) };
    if word != "__inc" {
        return Ok(None);
    }
    if !matches!(column.column_type, ColumnType::Integer | ColumnType::Real | ColumnType::Timestamp) {
        let message =
            format!("`__inc` does not work on `{}`, which is {}.", column.name, column.column_type.as_str());
        return Err(Fault::at(Code::InvalidOperator, place, message));
    }
    value::compare(Typed::of(column), by, &place.field("__inc")).map(Some)
}
