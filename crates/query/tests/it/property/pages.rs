//! Lists walked by their cursors, to the end and back: the pages together are the list, whatever their limits.

use atomicbase_core::Caller;
use proptest::collection::vec;
use proptest::prelude::*;
use query::Verb;
use schema::Table;
use serde_json::{Value, json};

use super::ask::Asker;
use super::bench::Bench;
use super::choices::{Choices, bytes};
use super::evaluate::World;
use super::wanted::Wanted;
use super::{caller, config, knowledge, table, world, worlds};

/// A list, and where in it one stands.
struct Walk<'a> {
    bench: &'a Bench,
    caller: &'a Caller,
    table: &'a Table,
    body: &'a Value,
    whole: &'a [Wanted],
}

impl Walk<'_> {
    /// A page; `None` where a sum of its related rows overflows on the way, which depends on the order they are added in.
    fn ask(&self, limit: usize, cursor: Option<&Value>) -> Option<Value> {
        let mut body = self.body.clone();
        body["limit"] = limit.into();
        if let Some(cursor) = cursor {
            body["cursor"] = cursor.clone();
        }
        match self.bench.ask(self.caller, Verb::Select { count: true }, &self.table.name, &body) {
            Err(refusal) if format!("{refusal:?}").contains("integer overflow") => None,
            page => Some(page.unwrap()),
        }
    }

    /// What the page from `start` with at most `limit` rows must be.
    fn check(&self, page: &Value, start: usize, limit: usize) -> Result<(), TestCaseError> {
        let end = self.whole.len().min(start + limit);
        let data = page["data"].as_array().unwrap();
        let fits = data.len() == end - start
            && self.whole[start..end].iter().zip(data).all(|(row, found)| row.fits(found));
        let follow = end < self.whole.len();
        let whole = page["next"].is_string() == follow
            && page["prev"].is_string() == (start > 0)
            && page["count"] == self.whole.len();
        prop_assert!(
            fits && whole,
            "{:?}\n{} {}\nfound {}\nwanted {}..{} of {:?}\n{}\nof {:?}",
            self.caller,
            self.table.name,
            self.body,
            page,
            start,
            end,
            self.whole,
            self.bench.template(),
            self.bench.rows()
        );
        Ok(())
    }

    /// To the end, and back to the start; answers a cursor from the middle.
    fn there_and_back(&self, choices: &mut Choices) -> Result<Option<Value>, TestCaseError> {
        let (mut start, mut limit) = (0, 1 + choices.below(4));
        let Some(mut page) = self.ask(limit, None) else { return Ok(None) };
        self.check(&page, start, limit)?;
        let cursor = page.get("next").cloned();
        while let Some(next) = page.get("next").cloned() {
            start += limit;
            limit = 1 + choices.below(4);
            let Some(following) = self.ask(limit, Some(&next)) else { return Ok(None) };
            page = following;
            self.check(&page, start, limit)?;
        }
        while let Some(prev) = page.get("prev").cloned() {
            limit = (1 + choices.below(4)).min(start);
            start -= limit;
            let Some(before) = self.ask(limit, Some(&prev)) else { return Ok(None) };
            page = before;
            self.check(&page, start, limit)?;
        }
        Ok(cursor)
    }

    /// Nobody else, and no other list, goes on from a cursor of this one.
    fn expire(&self, cursor: &Value, choices: &mut Choices) -> Result<(), TestCaseError> {
        let mut body = self.body.clone();
        body["cursor"] = cursor.clone();
        let key = &self.table.primary_key[0];
        let mut caller = self.caller.clone();
        match choices.below(4) {
            0 => body["where"] = json!([{"and": [{key: {"not": null}}]}, {"or": [{key: {"not": null}}]}]),
            1 => {
                body["order"] = json!([{key: "desc"}, {self.table.columns[self.table.columns.len() - 1].name.clone(): "asc"}])
            }
            2 => caller = if let Caller::Key { .. } = caller { Caller::Anonymous } else { super::key() },
            _ => {
                let text = cursor.as_str().unwrap();
                let at = choices.below(text.len() - 1);
                let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
                body["cursor"] = format!("{}{other}{}", &text[..at], &text[at + 1..]).into();
            }
        }
        let same_list = keys(self.table, &body["order"]) == keys(self.table, &self.body["order"])
            && body["where"] == self.body["where"];
        if same_list && caller == *self.caller && body["cursor"] == *cursor {
            // By chance it is the same list after all.
            return Ok(());
        }
        let found = self.bench.ask(&caller, Verb::Select { count: false }, &self.table.name, &body);
        let codes = ["CURSOR_EXPIRED", "FORBIDDEN", "COLUMN_NOT_FOUND", "INVALID_QUERY"];
        let refused = found.as_ref().is_err_and(|refusal| codes.contains(&refusal.code));
        prop_assert!(
            refused,
            "{:?}\n{} {}\nfound {:?}\n{}",
            caller,
            self.table.name,
            body,
            found,
            self.bench.template()
        );
        Ok(())
    }
}

/// An order as its columns one by one, those of the primary key behind them.
fn keys(table: &Table, order: &Value) -> Vec<(String, Value)> {
    let asked = match order {
        Value::Array(list) => list.iter().filter_map(Value::as_object).flatten().collect(),
        Value::Object(members) => members.iter().collect(),
        _ => Vec::new(),
    };
    let mut keys: Vec<(String, Value)> =
        asked.into_iter().map(|(name, direction)| (name.clone(), direction.clone())).collect();
    for name in &table.primary_key {
        if !keys.iter().any(|(known, _)| known == name) {
            keys.push((name.clone(), "asc".into()));
        }
    }
    keys
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn pages_together_are_the_list(start in worlds(), queries in vec(bytes(80), 1..10)) {
        let (bench, rows) = world(start);
        for query in queries {
            let choices = &mut Choices::new(query);
            let (caller, table) = (caller(choices), table(&bench, choices));
            let (known, closed) = knowledge(&bench.template, &caller, choices);
            let body = Asker::new(&known, &closed, choices).list(known.table(&table.name).unwrap());
            let world = World::new(&bench.template, &rows, &bench.limits, &caller);
            let Ok(wanted) = world.whole_list(table, &body) else { continue };
            let walk = Walk { bench: &bench, caller: &caller, table, body: &body, whole: &wanted };
            if let Some(cursor) = walk.there_and_back(choices)? {
                walk.expire(&cursor, choices)?;
            }
        }
    }
}
