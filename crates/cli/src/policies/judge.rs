//! Tries one case and says, in the words of what it expects, what came of it. A refusal with nothing to refuse proves nothing:
//! where a case expects that nothing happens, there must be rows that it could have happened to.

use serde_json::{Value, json};

use crate::exit::Outcome;
use crate::policies::cases::{Actor, Case, Operation, shown_key};
use crate::policies::every_row;
use crate::policies::scratch::{Refusal, Scratch};
use crate::units::count;

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub expected: String,
    pub found: String,
    /// What the server said, where it refused for a reason that has nothing to do with policies.
    pub detail: Option<String>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.expected == self.found
    }
}

pub(crate) fn judge(case: &Case, scratch: &mut Scratch<'_>) -> Outcome<Verdict> {
    let mut trial = Trial { case, scratch, actor: case.actor.header(), detail: None };
    let found = match case.operation {
        Operation::Select => trial.select()?,
        Operation::Insert => trial.insert()?,
        Operation::Update | Operation::Delete => trial.change()?,
    };
    Ok(Verdict { expected: expected(case), found, detail: trial.detail })
}

/// What a case expects, in the order that its trial finds it.
fn expected(case: &Case) -> String {
    let parts = [
        case.allowed.map(in_words),
        case.sees.as_deref().map(keys_in_words),
        columns_in_words("shows", &case.shows),
        columns_in_words("hides", &case.hides),
        case.rows.map(rows_in_words),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn in_words(allowed: bool) -> String {
    if allowed { "allowed" } else { "not allowed" }.to_owned()
}

fn rows_in_words(rows: u64) -> String {
    count(rows, "row")
}

fn keys_in_words(keys: &[Value]) -> String {
    let mut keys: Vec<String> = keys.iter().map(shown_key).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() { "sees nothing".to_owned() } else { format!("sees {}", keys.join(", ")) }
}

fn columns_in_words<S: AsRef<str>>(verb: &str, columns: &[S]) -> Option<String> {
    let names: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
    (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")))
}

/// The most that a server answers at once, where nobody has set another limit.
const MAX_ROWS: usize = 1_000;
const NOTHING_THERE: &str = "no such row";

/// A case on its way.
struct Trial<'a, 'b> {
    case: &'a Case,
    scratch: &'a mut Scratch<'b>,
    actor: String,
    detail: Option<String>,
}

/// What the caller of a case is answered.
enum Answer {
    Done(Value),
    /// Policies are against it.
    Denied,
    /// Something else is.
    Refused(String),
}

impl Trial<'_, '_> {
    fn select(&mut self) -> Outcome<String> {
        let case = self.case;
        let seen = self.ask("select", &self.keys_of_rows())?;
        let mut found = Vec::new();
        if case.allowed.is_some() {
            found.push(match &seen {
                Answer::Refused(code) => code.clone(),
                seen => in_words(matches!(seen, Answer::Done(_))),
            });
        }
        if case.sees.is_some() {
            found.push(match &seen {
                Answer::Done(answer) => self.seen_in_words(answer)?,
                Answer::Denied => in_words(false),
                Answer::Refused(code) => code.clone(),
            });
        }
        for columns in [&case.shows, &case.hides] {
            found.extend(self.columns(columns)?);
        }
        Ok(found.join("; "))
    }

    fn seen_in_words(&self, answer: &Value) -> Outcome<String> {
        let keys = self.keys(answer);
        // A row that is not there is not hidden.
        if keys.is_empty() && self.rows_there()? == Ok(0) {
            return Ok(NOTHING_THERE.to_owned());
        }
        Ok(keys_in_words(&keys))
    }

    /// Which of the columns exist for the caller.
    fn columns(&mut self, columns: &[String]) -> Outcome<Vec<String>> {
        let (mut shown, mut hidden, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for column in columns {
            match self.ask("select", &json!({ "select": [column], "limit": 1 }))? {
                Answer::Done(_) => shown.push(column),
                Answer::Denied => refused.push(in_words(false)),
                Answer::Refused(code) if code == "COLUMN_NOT_FOUND" => hidden.push(column),
                Answer::Refused(code) => refused.push(code),
            }
        }
        refused.dedup();
        let words = [columns_in_words("shows", &shown), columns_in_words("hides", &hidden)];
        Ok(words.into_iter().flatten().chain(refused).collect())
    }

    fn insert(&mut self) -> Outcome<String> {
        Ok(match self.ask("insert", &json!({ "data": self.case.data }))? {
            Answer::Done(_) => {
                self.scratch.restore()?;
                in_words(true)
            }
            Answer::Denied => in_words(false),
            Answer::Refused(code) => code,
        })
    }

    fn change(&mut self) -> Outcome<String> {
        let there = match self.rows_there()? {
            Ok(0) => return Ok(NOTHING_THERE.to_owned()),
            Ok(there) => there,
            Err(refusal) => return Ok(self.note(refusal)),
        };
        let mut body = json!({ "where": self.conditions() });
        if let Some(data) = &self.case.data {
            body["data"] = data.clone();
        }
        let rows = match self.ask(self.case.operation.as_str(), &body)? {
            Answer::Done(answer) => answer["rows_affected"].as_u64().unwrap_or(0),
            Answer::Denied => return Ok(in_words(false)),
            Answer::Refused(code) => return Ok(code),
        };
        if rows > 0 {
            self.scratch.restore()?;
        }
        Ok(match self.case.rows {
            Some(_) => rows_in_words(rows),
            None if rows == 0 || rows == there => in_words(rows > 0),
            None => format!("{rows} of {}", rows_in_words(there)),
        })
    }

    /// Asks as the case's caller.
    fn ask(&mut self, operation: &str, body: &Value) -> Outcome<Answer> {
        let refusal = match self.scratch.ask(Some(&self.actor), operation, &self.case.table, body)? {
            Ok(answer) => return Ok(Answer::Done(answer)),
            Err(refusal) => refusal,
        };
        let denied = match refusal.code.as_str() {
            "FORBIDDEN" => true,
            // No table is open to it.
            "UNAUTHENTICATED" => matches!(self.case.actor, Actor::Anonymous(_)),
            // The columns that a case writes are in the schema: this one is hidden.
            "COLUMN_NOT_FOUND" => operation != "select",
            _ => false,
        };
        Ok(if denied { Answer::Denied } else { Answer::Refused(self.note(refusal)) })
    }

    /// The rows that the case is about, as the key finds them.
    fn rows_there(&self) -> Outcome<Result<u64, Refusal>> {
        let answer = self.scratch.ask(None, "select", &self.case.table, &self.keys_of_rows())?;
        Ok(answer.map(|answer| answer["count"].as_u64().unwrap_or(0)))
    }

    fn keys_of_rows(&self) -> Value {
        // One more than there were, so that a row that should not be there shows.
        let limit = (self.scratch.row_count(&self.case.table) + 1).min(MAX_ROWS);
        json!({ "select": self.key(), "where": self.conditions(), "limit": limit })
    }

    fn conditions(&self) -> Value {
        let template = self.scratch.template();
        self.case.conditions(template).unwrap_or_else(|| every_row(template, &self.case.table))
    }

    fn key(&self) -> &[String] {
        self.scratch.template().table(&self.case.table).map_or(&[], |table| &table.primary_key)
    }

    /// The keys of the rows of an answer.
    fn keys(&self, answer: &Value) -> Vec<Value> {
        let rows = answer["data"].as_array().into_iter().flatten();
        rows.map(|row| match self.key() {
            [column] => row[column].clone(),
            columns => columns.iter().map(|column| row[column].clone()).collect(),
        })
        .collect()
    }

    /// Keeps what the server said, and answers the code of it.
    fn note(&mut self, refusal: Refusal) -> String {
        self.detail.get_or_insert(refusal.message);
        refusal.code
    }
}
