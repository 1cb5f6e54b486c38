//! `POST /data/batch`: several operations in one transaction, all or nothing.

use std::sync::Arc;

use atomicbase_core::{Caller, Code, Problem};
use atomicbase_http::{Failure, RawJson, parse_json, respond_json_bytes};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use directory::DatabaseRecord;
use query::{Operation, Query, Scope, parse_batch};
use serde_json::value::RawValue;

use crate::Data;
use crate::preferences::Preferences;
use crate::run::{Asked, may_write};

/// Statements of one batch: a row of an insert is one, and so is a list of related rows.
const STATEMENTS: usize = 10_000;
/// Values that those statements bind together: each list of related rows binds again what the conditions of those above it bind,
/// so that a small body could fill the memory.
const VALUES: usize = 500_000;

pub(crate) async fn run_batch(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
    headers: HeaderMap,
    body: Result<RawJson, Failure>,
) -> Response {
    let preferences = Preferences::read(&headers);
    let bigint = preferences.as_ref().is_ok_and(|preferences| preferences.bigint);
    let asked = Asked { caller: &caller, database: &database, bigint };
    data.answer(&asked, async |asked, version| {
        let (RawJson(bytes), _) = (body?, preferences?);
        let operations = parse_batch(parse_json(&bytes)?, &data.limits)?;
        if operations.iter().any(|operation| operation.verb.writes()) {
            may_write(asked.caller)?;
        }
        let compile = |scope: &Scope<'_>| compile(scope, &operations);
        let (transaction, outcome) = data.run(asked, version, compile).await?;
        Ok(respond_json_bytes(StatusCode::OK, transaction.batch_answer(&outcome)?))
    })
    .await
}

fn compile(scope: &Scope<'_>, operations: &[Operation<'_>]) -> Result<Vec<Query>, Problem> {
    let everything: &RawValue = parse_json(b"{}")?;
    let (mut statements, mut values) = (0, 0);
    let compiled = operations.iter().map(|Operation { verb, table, body, place }| {
        let query = scope.compile(*verb, table, body.unwrap_or(everything), place)?;
        statements += query.statements().len();
        values += query.statements().iter().map(|statement| statement.params.len()).sum::<usize>();
        if statements > STATEMENTS {
            return Err(too_much(format!(
                "A batch writes at most {STATEMENTS} rows, relations counted as rows."
            )));
        }
        if values > VALUES {
            let message =
                format!("A batch binds at most {VALUES} values, those of `where` once per relation.");
            return Err(too_much(message));
        }
        Ok(query)
    });
    compiled.collect()
}

fn too_much(message: String) -> Problem {
    Problem::new(Code::InvalidQuery, message.clone())
        .at("operations", message)
        .hint("Send the operations in several batches.")
}
