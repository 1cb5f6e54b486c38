//! Refusals in words: a code, the path in the body, what is wrong there and what was probably meant.

use std::borrow::Cow;

use atomicbase_core::{Code, Problem, closest};
use schema::{Table, Template};

/// A fault at a place in the body.
pub(crate) struct Fault;

impl Fault {
    /// A problem of one fault: `message` is its detail and its entry in `errors`.
    pub(crate) fn at(code: Code, path: &str, message: impl Into<Cow<'static, str>>) -> Problem {
        let message = message.into();
        let problem = Problem::new(code, message.clone());
        if path.is_empty() { problem } else { problem.at(path, message) }
    }

    pub(crate) fn query(path: &str, message: impl Into<Cow<'static, str>>) -> Problem {
        Self::at(Code::InvalidQuery, path, message)
    }
}

/// Adds the name that was probably meant, or the names there are.
pub(crate) fn did_you_mean<'a>(
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

pub(super) fn unknown_table(template: &Template, name: &str, path: &str) -> Problem {
    let problem = Fault::at(Code::TableNotFound, path, format!("There is no table `{}`.", shown(name)));
    did_you_mean(problem, name, template.tables.iter().map(|table| table.name.as_str()))
}

pub(super) fn unknown_column(table: &Table, name: &str, path: &str) -> Problem {
    let message = format!("`{}` has no column `{}`.", table.name, shown(name));
    let problem = Fault::at(Code::ColumnNotFound, path, message);
    did_you_mean(problem, name, table.columns.iter().map(|column| column.name.as_str()))
}

/// A path one step further in: `where` and `title` make `where.title`.
pub(super) fn join(path: &str, step: &str) -> String {
    if path.is_empty() { shown(step) } else { format!("{path}.{}", shown(step)) }
}

/// What a request said, short enough to be repeated.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST).chain(['…']).collect()
}
