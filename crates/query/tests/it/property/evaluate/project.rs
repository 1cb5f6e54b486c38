//! What is selected of a row.

use schema::Table;
use serde_json::{Value, json};

use super::super::wanted::Wanted;
use super::super::words::Search;
use super::condition::search;
use super::{World, entries};

impl World<'_> {
    /// A row with what `select` lists; everything where there is none.
    pub(super) fn project(&self, table: &Table, row: &Value, body: &Value) -> Wanted {
        let mut object: Vec<(String, Wanted)> = Vec::new();
        let mut put = |name: &str, wanted: Wanted| {
            if !object.iter().any(|(known, _)| known == name) {
                object.push((name.to_owned(), wanted));
            }
        };
        let everything = json!("*");
        let select = if body["select"].is_null() { &everything } else { &body["select"] };
        for entry in entries(select) {
            match entry {
                Value::String(name) if name == "*" => {
                    for name in self.columns(table) {
                        put(name, Wanted::Exactly(row[name].clone()));
                    }
                }
                Value::String(name) => put(name, Wanted::Exactly(row[name].clone())),
                _ => {
                    for (label, asked) in entry.as_object().unwrap() {
                        put(label, self.labelled(table, row, body, label, asked));
                    }
                }
            }
        }
        Wanted::Object(object)
    }

    fn labelled(&self, table: &Table, row: &Value, body: &Value, label: &str, asked: &Value) -> Wanted {
        for name in ["highlight", "snippet"] {
            if let Some(marks) = asked.get(name) {
                return Wanted::Exactly(marked(row, &body["where"], marks));
            }
        }
        if asked.get("rank").is_some() {
            return Wanted::About(self.rank(table, row, body));
        }
        let listed = json!({"select": asked});
        let asked = if asked.is_object() { asked } else { &listed };
        self.answer_related(table, row, asked["from"].as_str().unwrap_or(label), asked)
    }
}

impl World<'_> {
    /// How well a row fits the search of its list.
    pub(super) fn rank(&self, table: &Table, row: &Value, body: &Value) -> f64 {
        let (searched, search) = top_search(&body["where"]).unwrap();
        let columns = &table.fts.as_ref().unwrap().columns;
        let texts = |row: &'_ Value| {
            columns.iter().map(|name| row[name].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let all: Vec<Vec<String>> = self.rows[&table.name].iter().map(texts).collect();
        let all: Vec<Vec<&str>> =
            all.iter().map(|texts| texts.iter().map(String::as_str).collect()).collect();
        let within = |column: usize| searched == "__fts" || *searched == columns[column];
        let number = self.rows[&table.name].iter().position(|other| other == row).unwrap();
        search.ranks(&all, &within)[number]
    }
}

/// A text with what the search found in it marked. A snippet of a text this short is all of it.
fn marked(row: &Value, conditions: &Value, marks: &Value) -> Value {
    let column = marks.as_str().or_else(|| marks["column"].as_str()).unwrap();
    let (before, after) =
        (marks["before"].as_str().unwrap_or("<b>"), marks["after"].as_str().unwrap_or("</b>"));
    let Some(text) = row[column].as_str() else { return Value::Null };
    let (searched, search) = top_search(conditions).unwrap();
    if searched == "__fts" || searched == column {
        search.highlight(text, before, after).into()
    } else {
        text.into()
    }
}

/// The search that stands at the top of the conditions.
fn top_search(conditions: &Value) -> Option<(&String, Search)> {
    let mut members = entries(conditions).iter().filter_map(Value::as_object).flatten();
    members.find_map(|(name, operators)| Some((name, search(operators.as_object()?)?)))
}
