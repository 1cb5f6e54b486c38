//! What a body becomes, on the template `tests/fixtures/agency.json`: its SQL, or its refusal.

mod refusals;
mod selects;
mod values;
mod writes;

use atomicbase_core::{Caller, Code, Limits, Problem, Scopes};
use schema::Template;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Query, Scope, Verb};

const KEY: Caller = Caller::Key { id: None, scopes: Scopes::ALL, database: None };

fn template() -> Template {
    Template::parse_json(include_bytes!("../../tests/fixtures/agency.json")).unwrap()
}

fn compile(verb: Verb, table: &str, body: &str) -> Result<Query, Problem> {
    let (template, limits) = (template(), Limits::default());
    let scope = Scope::new(&template, &limits, &KEY, "db", &[7; 32]);
    scope.compile(verb, table, serde_json::from_str::<&RawValue>(body).unwrap(), "")
}

fn select(table: &str, body: Value) -> Result<Query, Problem> {
    compile(Verb::Select { count: false }, table, &body.to_string())
}

/// The SQL of each statement, a line each.
fn sql(query: &Query) -> String {
    query.statements().iter().map(|statement| statement.sql.as_ref()).collect::<Vec<_>>().join("\n")
}

/// Values that a query binds, statement by statement.
fn values(query: &Query) -> Vec<&[db::Value]> {
    query.statements().iter().map(|statement| statement.params.as_slice()).collect()
}

/// The refusal as code, path and hint.
fn refusal(result: Result<Query, Problem>) -> (Code, String, String) {
    let problem = result.unwrap_err();
    let path = problem.errors().first().map(|error| error.path.clone()).unwrap_or_default();
    (problem.code(), path, problem.hint_text().unwrap_or_default().to_owned())
}
