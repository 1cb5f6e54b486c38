//! What a write makes of the rows, and what it answers.

use query::Verb;
use schema::{Rule, Table};
use serde_json::{Map, Value, json};

use super::super::kind::Kind;
use super::super::wanted::Wanted;
use super::super::world::{Rows, collides, complete};
use super::change::{Change, FOREIGN_KEY, UNIQUE, filled, is_same};
use super::mentions::{COLUMN_NOT_FOUND, FORBIDDEN};
use super::{World, entries, sort};

const TOO_MANY: &str = "TOO_MANY_ROWS";

/// What a write does.
#[derive(Debug)]
pub(crate) struct Written {
    /// Every row there is afterwards.
    pub rows: Rows,
    /// `None` where nobody says.
    pub affected: Option<usize>,
    pub data: Option<Wanted>,
    /// The rows that were written, in order, where that is known and the caller sees them all.
    pub seen: Option<Vec<Value>>,
    pub last_insert_id: Option<Value>,
    /// Codes of which one may refuse it instead.
    pub doubts: Vec<&'static str>,
}

/// A write that is being done.
struct Writing<'t> {
    change: Change<'t>,
    /// The rows that it made or changed, as they are now; of a delete, as they were.
    written: Vec<Value>,
    last_insert_id: Option<Value>,
    /// Some row was written twice, by itself and with another: only SQLite knows when, and as what it comes back.
    twice: bool,
}

impl World<'_> {
    /// What a write does that may reach so many rows, or the codes of which one refuses it.
    pub(crate) fn write(
        &self,
        verb: Verb,
        table: &Table,
        body: &Value,
        most: Option<usize>,
    ) -> Result<Written, Vec<&'static str>> {
        let refusals = self.refusals_of_write(verb, table, body);
        if !refusals.is_empty() {
            // Rows are read one by one, and what one lacks may be noticed before what the next one has too much.
            return Err(refusals.into_iter().chain(["NOT_NULL_VIOLATION"]).collect());
        }
        let change = Change::new(self.template, self.rows);
        let mut writing = Writing { change, written: Vec::new(), last_insert_id: None, twice: false };
        match verb {
            Verb::Insert => self.insert(&mut writing, table, body),
            Verb::Update => self.update(&mut writing, table, body),
            _ => self.delete(&mut writing, table, body),
        }
        let affected = (verb != Verb::Delete || !writing.twice).then_some(writing.written.len());
        if let Some(most) = most {
            let too_many = affected.is_some_and(|affected| affected > most);
            let perhaps = affected.is_none() || entries(&body["data"]).len() > most;
            writing.change.faults.extend(too_many.then_some(TOO_MANY));
            writing.change.doubts.extend(perhaps.then_some(TOO_MANY));
        }
        self.judge(&mut writing, verb, table, body);
        let Writing { mut change, written, last_insert_id, twice } = writing;
        if !change.faults.is_empty() {
            change.faults.append(&mut change.doubts);
            return Err(change.faults);
        }
        let after = World::new(self.template, &change.rows, self.limits, self.caller);
        let shown = |row: &&Value| verb == Verb::Delete || after.sees(table, row);
        // Rows that go are answered as they were, what is related to them as it is now.
        let project = |row: &Value| after.project(table, row, &json!({"select": body["returning"]}));
        let data = || written.iter().filter(shown).map(project).collect();
        let data = match verb {
            _ if body["returning"].is_null() || twice => None,
            Verb::Insert => Some(Wanted::List(data())),
            _ => Some(Wanted::Set(data())),
        };
        let in_order = verb == Verb::Insert && body["on_conflict"].is_null();
        let seen = (in_order && written.iter().all(|row| after.sees(table, row))).then_some(written);
        let doubts = std::mem::take(&mut change.doubts);
        sort(self.template, &mut change.rows);
        Ok(Written { data, seen, affected, last_insert_id, doubts, rows: change.rows })
    }

    /// Whether what has become of the rows may be.
    fn judge(&self, writing: &mut Writing<'_>, verb: Verb, table: &Table, body: &Value) {
        let Writing { change, written, .. } = writing;
        if change.dangles() {
            change.faults.push(FOREIGN_KEY);
        }
        let rules = self.rules(table);
        let after = World::new(self.template, &change.rows, self.limits, self.caller);
        let all = |rule: &Rule| written.iter().all(|row| after.allows(rule, table, row));
        let allowed = match verb {
            Verb::Insert => all(&rules.insert),
            Verb::Update => all(&rules.update.check),
            _ => true,
        };
        // An upsert that inserts is allowed as an insert; whether it must be allowed as an update too is not said.
        let doubted = is_upsert(body) && !all(&rules.update.check);
        // With a policy, the row that breaks a rule of the schema may also be one that it forbids.
        let policies = [&rules.insert, &rules.update.check].into_iter().any(|rule| *rule != Rule::Always);
        let either = policies && !change.faults.is_empty();
        change.faults.extend((!allowed || either).then_some(FORBIDDEN));
        change.doubts.extend(doubted.then_some(FORBIDDEN));
    }

    /// What is known before any row is looked at.
    fn refusals_of_write(&self, verb: Verb, table: &Table, body: &Value) -> Vec<&'static str> {
        let rules = self.rules(table);
        let mut found = Vec::new();
        let wanted: &[&Rule] = match verb {
            Verb::Insert if is_upsert(body) => {
                &[&rules.insert, &rules.update.using, &rules.update.check, &rules.select]
            }
            Verb::Insert => &[&rules.insert],
            Verb::Update => &[&rules.update.using, &rules.update.check, &rules.select],
            _ => &[&rules.delete, &rules.select],
        };
        found.extend(wanted.iter().any(|rule| **rule == Rule::Never).then_some(FORBIDDEN));
        let conflict = &body["on_conflict"];
        let named = [&conflict["target"], &conflict["update"]]
            .into_iter()
            .flat_map(entries)
            .filter_map(Value::as_str);
        let sent = entries(&body["data"]).iter().filter_map(Value::as_object).flat_map(Map::keys);
        let is_hidden = |name: &str| self.is_hidden(&table.name, name);
        let hidden = named.chain(sent.map(String::as_str)).any(is_hidden);
        found.extend(hidden.then_some(COLUMN_NOT_FOUND));
        self.of_conditions(table, &body["where"], &mut found);
        if !body["returning"].is_null() {
            found.extend(self.refusals(table, &json!({"select": body["returning"]})));
        }
        found
    }

    fn update(&self, writing: &mut Writing<'_>, table: &Table, body: &Value) {
        let mut rows = self.matching(table, &body["where"]);
        rows.retain(|row| self.allows(&self.rules(table).update.using, table, row));
        let changed: Vec<(Value, Value)> = rows
            .into_iter()
            .map(|row| {
                let mut new = row.clone();
                for (name, value) in body["data"].as_object().unwrap() {
                    new[name] = match value.get("__inc") {
                        Some(by) if !is_json(table, name) => writing.increased(&row[name], by),
                        _ => value.clone(),
                    };
                }
                (row.clone(), complete(table, new))
            })
            .collect();
        writing.change.update(table, &changed);
        writing.written = changed.into_iter().map(|(_, new)| new).collect();
        writing.catch_up(table);
    }

    fn delete(&self, writing: &mut Writing<'_>, table: &Table, body: &Value) {
        let mut rows = self.matching(table, &body["where"]);
        rows.retain(|row| self.allows(&self.rules(table).delete, table, row));
        writing.written = rows.into_iter().cloned().collect();
        writing.twice = writing.change.delete(table, &writing.written);
    }

    fn insert(&self, writing: &mut Writing<'_>, table: &Table, body: &Value) {
        let conflict = &body["on_conflict"];
        let target: Vec<&str> = match conflict["target"].as_array() {
            Some(target) => target.iter().filter_map(Value::as_str).collect(),
            None => table.primary_key.iter().map(String::as_str).collect(),
        };
        for sent in entries(&body["data"]) {
            let row = filled(table, writing.change.of(table), sent);
            writing.change.check(table, &row);
            let meets = |other: &&Value| match conflict["action"].as_str() {
                Some("ignore") if conflict["target"].is_null() => collides(table, other, &row),
                Some(_) => target.iter().all(|name| {
                    Kind::of(table.column(name).unwrap()).equals(&other[*name], &row[*name]) == Some(true)
                }),
                None => false,
            };
            let met = writing.change.of(table).iter().find(meets).cloned();
            match (met, conflict["action"].as_str()) {
                (Some(_), Some("ignore")) => {}
                (Some(old), _) => {
                    let new = self.upserted(table, &old, &row, sent, conflict, &target);
                    self.upsert(writing, table, old, new);
                }
                (None, _) => {
                    if conflict.is_null() && numbers_itself(table) {
                        writing.last_insert_id = Some(row[&table.primary_key[0]].clone());
                    }
                    writing.change.insert(table, row.clone());
                    writing.written.push(row);
                }
            }
        }
    }

    /// The row that is there, with what it takes over.
    fn upserted(
        &self,
        table: &Table,
        old: &Value,
        row: &Value,
        sent: &Value,
        conflict: &Value,
        target: &[&str],
    ) -> Value {
        let mut new = old.clone();
        for column in &table.columns {
            let name = column.name.as_str();
            let taken = match conflict["update"].as_array() {
                Some(update) => update.iter().any(|listed| listed == name),
                None if conflict["action"] == "replace" => {
                    !table.in_primary_key(name) && !self.is_hidden(&table.name, name)
                }
                None => sent.get(name).is_some(),
            };
            if taken && !target.contains(&name) {
                new[name] = row[name].clone();
            }
        }
        complete(table, new)
    }

    fn upsert(&self, writing: &mut Writing<'_>, table: &Table, old: Value, new: Value) {
        let now = World::new(self.template, &writing.change.rows, self.limits, self.caller);
        if !now.sees(table, &old) {
            writing.change.faults.push(UNIQUE);
            return;
        }
        if !now.allows(&self.rules(table).update.using, table, &old) {
            writing.change.faults.push(FORBIDDEN);
            return;
        }
        writing.change.update(table, &[(old.clone(), new.clone())]);
        for row in &mut writing.written {
            if is_same(table, row, &old) {
                *row = new.clone();
                writing.twice = true;
            }
        }
        writing.written.push(new);
        writing.catch_up(table);
    }
}

impl Writing<'_> {
    /// The rows that were written as they are now. A foreign key of the table to itself may have changed them again, which
    /// SQLite does not tell.
    fn catch_up(&mut self, table: &Table) {
        for row in &mut self.written {
            let now = self.change.of(table).iter().find(|other| is_same(table, other, row));
            if let Some(now) = now.filter(|now| *now != row) {
                *row = now.clone();
                self.twice = true;
            }
        }
    }

    /// `{"__inc": by}`
    fn increased(&mut self, value: &Value, by: &Value) -> Value {
        if value.is_null() {
            return Value::Null;
        }
        match (value.as_i64(), by.as_i64()) {
            (Some(value), Some(by)) => value.checked_add(by).map(Value::from).unwrap_or_else(|| {
                self.change.faults.extend(["TYPE_MISMATCH", "INVALID_QUERY", "CHECK_VIOLATION"]);
                i64::MAX.into()
            }),
            _ => json!(value.as_f64().unwrap() + by.as_f64().unwrap()),
        }
    }
}

fn is_json(table: &Table, column: &str) -> bool {
    table.column(column).is_some_and(|column| column.column_type == schema::ColumnType::Json)
}

/// Whether the key is one integer, which may be left out.
fn numbers_itself(table: &Table) -> bool {
    let [key] = table.primary_key.as_slice() else { return false };
    table.column(key).is_some_and(|column| column.column_type == schema::ColumnType::Integer)
}

fn is_upsert(body: &Value) -> bool {
    matches!(body["on_conflict"]["action"].as_str(), Some("update" | "replace"))
}
