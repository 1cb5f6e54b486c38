//! `POST /data/batch`: several operations in one transaction, all or nothing.

use std::sync::Arc;

use atomicbase_core::Caller;
use atomicbase_http::{Done, Failure, RawJson, parse_json};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use directory::DatabaseRecord;
use query::{Scope, Transaction, compile_batch, parse_batch};

use crate::Data;
use crate::preferences::Asks;
use crate::run::Asked;

pub(crate) async fn run_batch(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
    Asks { preferences, .. }: Asks,
    body: Result<RawJson, Failure>,
) -> Response {
    let asked = Asked { caller: &caller, database: &database };
    data.answer(&asked, async |asked, version| {
        let (RawJson(bytes), preferences) = (body?, preferences?);
        let operations = parse_batch(parse_json(&bytes)?, &data.limits)?;
        let compile =
            |scope: Scope<'_>| compile_batch(&preferences.of(scope), &operations, preferences.counts());
        let ran = data.run(asked, version, compile).await?;
        let mut response = data.write_answer(ran, Transaction::batch_answer).await?;
        if operations.iter().any(|operation| operation.verb.writes()) {
            response.extensions_mut().insert(Done);
        }
        Ok(response)
    })
    .await
}
