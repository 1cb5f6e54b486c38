//! ON CONFLICT: what an insert does where a row of the same key exists.

use atomicbase_core::Problem;
use schema::{Column, Table};
use serde_json::value::RawValue;

use super::Scope;
use super::condition::Condition;
use super::fault::{Fault, Place, did_you_mean, shown};
use super::fields::{Fields, Json, Members};
use super::filter::rule;
use super::guard;
use super::insert::writable;
use super::sql::Sql;
use super::view::{Action as Verb, View};

/// ON CONFLICT, for every row of an insert.
pub(super) struct Conflict<'t> {
    action: Action,
    /// The columns that must be unique together for a conflict to be; `None` is any.
    target: Option<&'t [String]>,
    update: Option<Vec<&'t Column>>,
    /// Which rows are there for the caller, and which of them it may change.
    visible: Condition<'t>,
    using: Condition<'t>,
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
    pub(super) fn read(
        scope: &Scope<'t>,
        view: View<'t>,
        body: &RawValue,
        place: &Place<'_>,
    ) -> Result<Self, Problem> {
        const FIELDS: [&str; 3] = ["target", "action", "update"];
        let fields = Fields::read(body, place, &FIELDS, "An object with `target` and `action`")?;
        let action = read_action(fields.value("action", place)?.as_ref(), &place.field("action"))?;
        let update = match fields.value("update", place)? {
            None => None,
            Some(_) if action != Action::Update => {
                let message = "`update` goes with the action `update` alone.";
                return Err(Fault::query(place.field("update"), message));
            }
            Some(json) => Some(columns_to_update(view, &json, &place.field("update"))?),
        };
        let target = match fields.value("target", place)? {
            Some(json) => Some(unique_set(view, &json, &place.field("target"))?),
            None if action == Action::Ignore => None,
            None => Some(view.table.primary_key.as_slice()),
        };
        let (mut visible, mut using) = (Condition::TRUE, Condition::TRUE);
        if action != Action::Ignore {
            view.require(Verb::Select, place)?;
            view.require(Verb::Update, place)?;
            visible = rule(scope, view, view.using(Verb::Select))?;
            using = rule(scope, view, view.using(Verb::Update))?;
        }
        Ok(Self { action, target, update, visible, using })
    }

    /// Whether it may turn the insert into an update.
    pub(super) fn updates(&self) -> bool {
        self.action != Action::Ignore
    }

    /// `replace` sets every column to what an insert would have, by an upsert: SQLite's own REPLACE deletes the row first, which
    /// cascades.
    pub(super) fn write(&self, sql: &mut Sql, view: View<'t>, row: &Members<'_>) {
        let table = view.table;
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
                view.shows(column)
                    && column.generated.is_none()
                    && !in_target(&column.name)
                    && (given(&column.name) || !table.in_primary_key(&column.name))
            }
            (_, None) => given(&column.name) && !in_target(&column.name),
        };
        sql.push("UPDATE SET ");
        let mut separator = "";
        for column in table.columns.iter().filter(taken_over) {
            sql.push(separator);
            // `excluded` holds the row as it would have been inserted, defaults included.
            self.assign(sql, table, &column.name, "excluded", separator.is_empty());
            separator = ", ";
        }
        if let (true, Some(key)) = (separator.is_empty(), target.first()) {
            // Nothing to take over: the row there is the answer all the same.
            self.assign(sql, table, key, "t", true);
        }
    }

    /// `column = source.column`; the first of them fails for a row that is not there for the caller, or not to be changed.
    fn assign(&self, sql: &mut Sql, table: &Table, column: &str, source: &str, first: bool) {
        sql.name(column);
        sql.push(" = ");
        let guarded = first && !(self.visible.is_everything() && self.using.is_everything());
        if guarded {
            sql.push("CASE WHEN NOT (");
            sql.condition(self.visible.clone(), "t");
            sql.push(") IS TRUE THEN ");
            // As SQLite says it of the key that collides.
            let key: Vec<String> =
                self.target.iter().copied().flatten().map(|name| format!("{}.{name}", table.name)).collect();
            sql.push(&db::raise(&format!("unique:{}", key.join(", "))));
            sql.push(" WHEN NOT (");
            sql.condition(self.using.clone(), "t");
            sql.push(") IS TRUE THEN ");
            sql.push(&db::raise(guard::USING));
            sql.push(" ELSE ");
        }
        sql.column(source, column);
        sql.push(if guarded { " END" } else { "" });
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
    view: View<'t>,
    json: &Json<'_>,
    place: &Place<'_>,
) -> Result<Vec<&'t Column>, Problem> {
    let mut seen = Vec::new();
    column_names(json, place)?.into_iter().map(|name| writable(view, name, place, &mut seen)).collect()
}

fn column_names<'j>(json: &'j Json<'_>, place: &Place<'_>) -> Result<Vec<&'j str>, Problem> {
    let names: Option<Vec<&str>> = json.as_list().and_then(|list| list.iter().map(Json::as_text).collect());
    match names {
        Some(names) if !names.is_empty() => Ok(names),
        _ => Err(Fault::query(place, "A list of columns is wanted.")),
    }
}

/// The primary key or unique set of exactly the columns named.
fn unique_set<'t>(view: View<'t>, json: &Json<'_>, place: &Place<'_>) -> Result<&'t [String], Problem> {
    let named = column_names(json, place)?;
    for name in &named {
        view.find(name, place)?;
    }
    let table = view.table;
    let same = |columns: &[String]| {
        columns.len() == named.len() && columns.iter().all(|column| named.contains(&column.as_str()))
    };
    let indexes = table.indexes.iter().filter(|index| index.unique && index.filter.is_none());
    let indexes = indexes.map(|index| &index.columns);
    let sets = || std::iter::once(&table.primary_key).chain(&table.unique).chain(indexes.clone());
    if let Some(set) = sets().find(|set| same(set)) {
        return Ok(set);
    }
    let seen = |set: &&Vec<String>| set.iter().all(|name| view.column(name).is_some());
    let known: Vec<String> =
        sets().filter(seen).take(10).map(|set| format!("[{}]", set.join(", "))).collect();
    Err(Fault::query(place, "The target is neither the primary key nor a unique set of columns.")
        .hint(format!("There are {}.", known.join(", "))))
}
