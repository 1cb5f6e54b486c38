//! `GET /platform/databases`: all databases, or those of one template, oldest first.

use atomicbase_core::{Code, DatabaseId, Name, Problem};
use atomicbase_http::{Described, Failure, Query, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::Platform;
use crate::answers::{DatabaseAnswer, List, PageQuery, database_schema, list_schema, page_parameters};
use crate::reach::Fleet;

pub(crate) async fn list_databases(
    State(platform): State<Platform>,
    _: Fleet,
    Query(query): Query<PageQuery>,
) -> Result<Response, Failure> {
    let template = match &query.template {
        Some(name) => Some(platform.template(name).await?),
        None => None,
    };
    let template = template.as_ref().map(|template| &template.name);
    respond_json(StatusCode::OK, &platform.databases(template, &query).await?)
}

impl Platform {
    /// A page of databases.
    pub(crate) async fn databases(
        &self,
        template: Option<&Name>,
        query: &PageQuery,
    ) -> Result<List<DatabaseAnswer>, Problem> {
        let (limit, after) = (query.limit()?, query.cursor(DatabaseId::parse)?);
        // What has moved until now is shown at its version.
        self.directory.flush().await?;
        let records = self.directory.list_databases(template, after.as_ref(), limit + 1).await?;
        Ok(List::page(records.iter().map(DatabaseAnswer::from).collect(), limit, |last| last.id.clone()))
    }
}

pub(crate) fn described() -> Described {
    let mut parameters = page_parameters();
    parameters
        .push(json!({"name": "template", "in": "query", "required": false, "schema": {"type": "string"},
        "description": "Only databases of this template."}));
    Described {
        summary: "Lists databases, oldest first.",
        response: (200, list_schema(database_schema(), true)),
        codes: vec![Code::TemplateNotFound],
        parameters,
        ..Described::default()
    }
}
