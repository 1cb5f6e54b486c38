//! `POST /data/query/{table}`: select, insert, update or delete rows of one table, as `Prefer: operation=` says.

use std::sync::Arc;

use atomicbase_core::Caller;
use atomicbase_http::{Path, RawJson, parse_json, respond_json_bytes};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use directory::DatabaseRecord;
use serde_json::value::RawValue;

use crate::Data;
use crate::preferences::Preferences;
use crate::run::{Asked, may_write};

pub(crate) async fn query_rows(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
    Path(table): Path<String>,
    headers: HeaderMap,
    RawJson(bytes): RawJson,
) -> Response {
    let preferences = Preferences::read(&headers);
    let bigint = preferences.as_ref().is_ok_and(|preferences| preferences.bigint);
    let asked = Asked { caller: &caller, database: &database, bigint };
    data.answer(&asked, async |asked, version| {
        let verb = preferences?.verb;
        if verb.writes() {
            may_write(asked.caller)?;
        }
        // A select without a body is a select of everything.
        let body: &RawValue = parse_json(if bytes.is_empty() && !verb.writes() { b"{}" } else { &bytes })?;
        let compile = |scope: &crate::query::Scope<'_>| Ok(vec![scope.compile(verb, &table, body, "")?]);
        let ran = data.run(asked, version, compile).await?;
        let mut out = Vec::with_capacity(256);
        ran.answers().for_each(|answer| answer.write(&mut out));
        Ok(respond_json_bytes(StatusCode::OK, out))
    })
    .await
}
