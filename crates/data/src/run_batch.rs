//! `POST /data/batch`: several operations in one transaction, all or nothing.

use std::sync::Arc;

use atomicbase_core::{Caller, Code, Problem};
use atomicbase_http::{RawJson, parse_json, respond_json_bytes};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use directory::DatabaseRecord;
use serde_json::value::RawValue;

use crate::Data;
use crate::preferences::Preferences;
use crate::query::{Operation, Query, Scope, Verb, did_you_mean, parse_batch};
use crate::run::{Asked, may_write};

pub(crate) async fn run_batch(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
    headers: HeaderMap,
    RawJson(bytes): RawJson,
) -> Response {
    let preferences = Preferences::read(&headers);
    let bigint = preferences.as_ref().is_ok_and(|preferences| preferences.bigint);
    let asked = Asked { caller: &caller, database: &database, bigint };
    data.answer(&asked, async |asked, version| {
        preferences?;
        let body: &RawValue = parse_json(&bytes)?;
        let batch = parse_batch(body, &data.limits)?;
        let verbs = batch.operations.iter().enumerate().map(verb).collect::<Result<Vec<_>, _>>()?;
        if verbs.iter().any(|verb| verb.writes()) {
            may_write(asked.caller)?;
        }
        let compile = |scope: &Scope<'_>| {
            let operations = batch.operations.iter().zip(&verbs).enumerate();
            operations.map(|(index, (operation, verb))| compile_one(scope, index, operation, *verb)).collect()
        };
        let ran = data.run(asked, version, compile).await?;
        let mut out = b"{\"results\":[".to_vec();
        for (index, answer) in ran.answers().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            answer.write(&mut out);
        }
        out.extend_from_slice(b"]}");
        Ok(respond_json_bytes(StatusCode::OK, out))
    })
    .await
}

fn verb((index, operation): (usize, &Operation<'_>)) -> Result<Verb, Problem> {
    Verb::parse(&operation.operation).ok_or_else(|| {
        let message = format!("There is no operation `{}`.", operation.operation);
        let problem = Problem::new(Code::InvalidQuery, message.clone());
        let problem = problem.at(format!("operations[{index}].operation"), message);
        did_you_mean(problem, &operation.operation, Verb::NAMES)
    })
}

fn compile_one(
    scope: &Scope<'_>,
    index: usize,
    operation: &Operation<'_>,
    verb: Verb,
) -> Result<Query, Problem> {
    let path = format!("operations[{index}].body");
    let everything: &RawValue = parse_json(b"{}")?;
    let body = operation.body.unwrap_or(everything);
    scope.compile(verb, &operation.table, body, &path).map_err(|problem| {
        // A fault without a place of its own stands at its operation.
        if problem.errors().is_empty() {
            let detail = problem.detail().to_owned();
            problem.at(format!("operations[{index}]"), detail)
        } else {
            problem
        }
    })
}
