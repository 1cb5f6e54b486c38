//! Refusals in words: a code, the path in the body, what is wrong there and what was probably meant.

use std::borrow::Cow;
use std::fmt;

pub(crate) use atomicbase_core::shown;
use atomicbase_core::{Code, Problem, closest};

use super::Scope;

/// A place in the body, `where[0].title`. It is text only once it is told: nearly every query has no fault.
#[derive(Clone, Copy, Debug)]
pub enum Place<'p> {
    /// Where the operation stands in a batch; empty where it is the whole request.
    Start(&'p str),
    /// A member of an object.
    Field(&'p Place<'p>, &'p str),
    /// An entry of a list.
    Entry(&'p Place<'p>, usize),
}

impl<'p> Place<'p> {
    /// The place of this member.
    pub fn field(&'p self, name: &'p str) -> Place<'p> {
        Place::Field(self, name)
    }

    /// The place of this entry.
    pub fn entry(&'p self, index: usize) -> Place<'p> {
        Place::Entry(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Start(path) => f.write_str(path),
            Place::Field(Place::Start(""), name) => f.write_str(&shown(name)),
            Place::Field(within, name) => write!(f, "{within}.{}", shown(name)),
            Place::Entry(within, index) => write!(f, "{within}[{index}]"),
        }
    }
}

/// A fault at a place in the body.
pub(crate) struct Fault;

impl Fault {
    /// A problem of one fault: `message` is its detail and its entry in `errors`.
    pub(crate) fn at(code: Code, place: impl fmt::Display, message: impl Into<Cow<'static, str>>) -> Problem {
        let (message, path) = (message.into(), place.to_string());
        let problem = Problem::new(code, message.clone());
        if path.is_empty() { problem } else { problem.at(path, message) }
    }

    pub(crate) fn query(place: impl fmt::Display, message: impl Into<Cow<'static, str>>) -> Problem {
        Self::at(Code::InvalidQuery, place, message)
    }
}

/// Adds the name that was probably meant, or the names there are.
pub fn did_you_mean<'a>(
    problem: Problem,
    word: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Problem {
    if let Some(meant) = closest(word, names.clone()) {
        return problem.hint(format!("Did you mean `{meant}`?"));
    }
    let listed: Vec<String> = names.into_iter().take(20).map(|name| format!("`{name}`")).collect();
    if listed.is_empty() { problem } else { problem.hint(format!("There are {}.", listed.join(", "))) }
}

pub(super) fn unknown_table(scope: &Scope<'_>, name: &str, place: &Place<'_>) -> Problem {
    let problem = Fault::at(Code::TableNotFound, place, format!("There is no table `{}`.", shown(name)));
    let visible = scope.template.tables.iter().filter(|table| scope.view(table).is_visible());
    let names: Vec<&str> = visible.map(|table| table.name.as_str()).collect();
    did_you_mean(problem, name, names.iter().copied())
}
