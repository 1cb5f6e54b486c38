//! `POST /data/query/{table}`: select, insert, update or delete rows of one table, as `Prefer: operation=` says.

use std::sync::Arc;

use atomicbase_core::Caller;
use atomicbase_http::{Done, Failure, Path, RawJson, parse_json};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use directory::DatabaseRecord;
use query::{Scope, Transaction};
use serde_json::value::RawValue;

use crate::Data;
use crate::preferences::Asks;
use crate::run::Asked;

pub(crate) async fn query_rows(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
    path: Result<Path<String>, Failure>,
    Asks { preferences, lines }: Asks,
    body: Result<RawJson, Failure>,
) -> Response {
    let asked = Asked { caller: &caller, database: &database };
    data.answer(&asked, async |asked, version| {
        let (Path(table), RawJson(bytes), preferences) = (path?, body?, preferences?);
        if lines {
            return data.export(asked, version, table, bytes, preferences).await;
        }
        let verb = preferences.verb;
        // A select without a body is a select of everything.
        let body: &RawValue = parse_json(if bytes.is_empty() && !verb.writes() { b"{}" } else { &bytes })?;
        let compile = |scope: Scope<'_>| Ok(vec![preferences.of(scope).compile(verb, &table, body, "")?]);
        let ran = data.run(asked, version, compile).await?;
        let mut response = data.write_answer(ran, Transaction::answer).await?;
        if verb.writes() {
            response.extensions_mut().insert(Done);
        }
        Ok(response)
    })
    .await
}
