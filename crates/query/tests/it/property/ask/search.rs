//! Random full-text searches, and selects that answer what was found.

use schema::Table;
use serde_json::{Map, Value, json};

use super::{Asker, names};

const PLAIN: [&str; 10] = ["apple", "pie", "red", "RED  apple", "a", "b", "a pie", "b-a", "c pie", "pie pie"];
const GRAMMAR: [&str; 8] = [
    "apple",
    "app*",
    "\"apple pie\"",
    "red apple",
    "red AND apple",
    "pie OR red",
    "pie NOT apple",
    "a OR p*",
];

impl Asker<'_> {
    /// `{"__fts": {"fts": …}}`, `{title: {"match": …}}`
    pub(super) fn search(&mut self, table: &Table) -> Option<(String, Value)> {
        let searched = &table.fts.as_ref()?.columns;
        if searched.is_empty() {
            return None;
        }
        // A policy searches for plain words alone.
        let asked = if !self.policy && self.choices.once_in(3) {
            json!({"match": self.choices.one_of(&GRAMMAR)})
        } else {
            json!({"fts": self.choices.one_of(&PLAIN)})
        };
        let everywhere = self.choices.once_in(2);
        let column = if everywhere { "__fts".to_owned() } else { self.choices.one_of(searched) };
        Some((column, asked))
    }

    /// A select with one search of plain words, and with what only a search has.
    pub(super) fn searching(&mut self, table: &Table) -> Map<String, Value> {
        let searched = table.fts.as_ref().map(|fts| fts.columns.clone()).unwrap_or_default();
        if searched.is_empty() {
            return Map::new();
        }
        let everywhere = self.choices.once_in(2);
        let column = if everywhere { "__fts".to_owned() } else { self.choices.one_of(&searched) };
        let search = json!({column: {"fts": self.choices.one_of(&PLAIN)}});
        let mut conditions = vec![search];
        if self.choices.once_in(3) {
            let column = &table.columns[0].name;
            conditions.push(json!({column: {"not": null}}));
        }
        let mut select: Vec<Value> = vec![self.choices.one_of(&names(table)).into()];
        for number in 0..self.choices.below(3) {
            let column = self.choices.one_of(&searched);
            let marks = json!({"column": column, "before": "<", "after": ">"});
            let long = json!({"column": column, "before": "<", "after": ">", "ellipsis": "", "tokens": 64});
            select.push(match self.choices.below(5) {
                4 => json!({format!("\"h{number}"): {"rank": "__fts"}}),
                0 => json!({format!("\"h{number}"): {"highlight": column}}),
                1 => json!({format!("\"h{number}"): {"highlight": marks}}),
                2 => json!({format!("\"h{number}"): {"snippet": column}}),
                _ => json!({format!("\"h{number}"): {"snippet": long}}),
            });
        }
        let mut body = Map::new();
        if self.choices.once_in(3) {
            let key = &table.columns[0].name;
            let orders =
                [json!({"__rank": "asc"}), json!([{"__rank": "asc"}, {key: "desc"}]), json!({key: "desc"})];
            body.insert("order".to_owned(), self.choices.one_of(&orders));
        }
        body.extend([("where".to_owned(), conditions.into()), ("select".to_owned(), select.into())]);
        body
    }
}
