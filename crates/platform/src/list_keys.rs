//! `GET /platform/keys`: the stored keys, without the keys themselves.

use atomicbase_core::KeyId;
use atomicbase_http::{Described, Failure, Query, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::Platform;
use crate::answers::{KeyAnswer, List, PageQuery, key_schema, list_schema, page_parameters};
use crate::reach::Fleet;

pub(crate) async fn list_keys(
    State(platform): State<Platform>,
    _: Fleet,
    Query(query): Query<PageQuery>,
) -> Result<Response, Failure> {
    let query = query.without_template()?;
    let (limit, before) = (query.limit()?, query.cursor(KeyId::parse)?);
    let keys = platform.directory.list_keys(before.as_ref(), limit + 1).await?;
    let answers = keys.iter().map(KeyAnswer::from).collect();
    respond_json(StatusCode::OK, &List::page(answers, limit, |last: &KeyAnswer| last.id.clone()))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Lists the service keys that are not revoked, newest first.",
        response: (200, list_schema(key_schema(false), true)),
        parameters: page_parameters(),
        ..Described::default()
    }
}
