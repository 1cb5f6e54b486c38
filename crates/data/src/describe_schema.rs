//! `GET /data/schema` and `/data/schema/{table}`: the tables of a database as its caller may see them.

use std::sync::Arc;

use atomicbase_core::Caller;
use atomicbase_http::{Failure, Path, respond_json_bytes};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{DatabaseRecord, TemplateVersion};
use query::{Place, describe_relations, find_table};
use schema::{Column, Table};
use serde_json::{Value, json};

use crate::Data;
use crate::run::Asked;

pub(crate) async fn describe_schema(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
) -> Response {
    described(&data, &caller, &database, |version| {
        let tables = version.template.tables.iter().map(|table| describe(version, table));
        Ok(json!({
            "template": version.name,
            "version": version.version,
            "tables": tables.collect::<Vec<_>>(),
        }))
    })
    .await
}

pub(crate) async fn describe_table(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
    path: Result<Path<String>, Failure>,
) -> Response {
    described(&data, &caller, &database, |version| {
        let Path(name) = path?;
        Ok(describe(version, find_table(&version.template, &name, &Place::Start(""))?))
    })
    .await
}

async fn described(
    data: &Data,
    caller: &Caller,
    database: &Arc<DatabaseRecord>,
    describe: impl FnOnce(&TemplateVersion) -> Result<Value, Failure>,
) -> Response {
    let asked = Asked { caller, database, bigint: false };
    data.answer(&asked, async |asked, version| {
        let current = data.tenants.open(asked.database).await?.version();
        *version = current.version;
        Ok(respond_json_bytes(StatusCode::OK, describe(&current)?.to_string().into_bytes()))
    })
    .await
}

fn describe(version: &TemplateVersion, table: &Table) -> Value {
    json!({
        "name": table.name,
        "columns": table.columns.iter().map(|column| describe_column(table, column)).collect::<Vec<_>>(),
        "primary_key": table.primary_key,
        "unique": table.unique,
        "relations": describe_relations(&version.template, table),
    })
}

fn describe_column(table: &Table, column: &Column) -> Value {
    let mut described = json!({
        "name": column.name,
        "type": column.column_type.as_str(),
        "not_null": table.refuses_null(column),
        "has_default": column.default.is_some(),
        "generated": column.generated.is_some(),
    });
    if let Some(values) = &column.enum_values {
        described["enum"] = json!(values);
    }
    if let Some(reference) = &column.references {
        described["references"] = json!(format!("{}.{}", reference.table, reference.column));
    }
    described
}
