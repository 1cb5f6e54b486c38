//! `GET /data/schema` and `/data/schema/{table}`: the tables of a database as its caller may see them.

use std::sync::Arc;

use atomicbase_core::Caller;
use atomicbase_http::{Failure, Path, respond_json_bytes};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{DatabaseRecord, TemplateVersion};
use query::{Place, Scope, View, describe_relations};
use schema::{Column, Reference, Table};
use serde_json::{Value, json};

use crate::Data;
use crate::run::Asked;

pub(crate) async fn describe_schema(
    State(data): State<Data>,
    Extension(caller): Extension<Caller>,
    Extension(database): Extension<Arc<DatabaseRecord>>,
) -> Response {
    described(&data, &caller, &database, |version, scope| {
        let views = version.template.tables.iter().map(|table| scope.view(table));
        let tables = views.filter(View::is_visible).map(|view| describe(scope, view));
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
    described(&data, &caller, &database, |_, scope| {
        let Path(name) = path?;
        let view = scope.table(&name, &Place::Start(""))?;
        view.require_visible()?;
        Ok(describe(scope, view))
    })
    .await
}

async fn described(
    data: &Data,
    caller: &Caller,
    database: &Arc<DatabaseRecord>,
    describe: impl FnOnce(&TemplateVersion, &Scope<'_>) -> Result<Value, Failure>,
) -> Response {
    let asked = Asked { caller, database };
    data.answer(&asked, async |asked, version| {
        let current = data.tenants.open(asked.database).await?.version();
        *version = current.version;
        let scope = data.scope(asked, &current.template);
        Ok(respond_json_bytes(StatusCode::OK, describe(&current, &scope)?.to_string().into_bytes()))
    })
    .await
}

/// A table without what is hidden from the caller: a unique set that names a hidden column is not told either.
fn describe(scope: &Scope<'_>, view: View<'_>) -> Value {
    let table = view.table;
    let shown = |name: &String| table.column(name).is_some_and(|column| view.shows(column));
    let unique = table.unique.iter().filter(|set| set.iter().all(shown));
    let mut described = json!({
        "name": table.name,
        "columns": view.columns().map(|column| describe_column(scope, table, column)).collect::<Vec<_>>(),
        "primary_key": table.primary_key,
        "unique": unique.collect::<Vec<_>>(),
        "relations": describe_relations(scope, table),
    });
    let searched: Vec<&String> =
        table.fts.iter().flat_map(|fts| &fts.columns).filter(|name| shown(name)).collect();
    if !searched.is_empty() {
        described["fts"] = json!(searched);
    }
    described
}

fn describe_column(scope: &Scope<'_>, table: &Table, column: &Column) -> Value {
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
    let visible = |reference: &&Reference| {
        let view = scope.table(&reference.table, &Place::Start(""));
        let shows = |view: View<'_>| view.table.column(&reference.column).is_some_and(|key| view.shows(key));
        view.is_ok_and(|view| view.is_visible() && shows(view))
    };
    if let Some(reference) = column.references.as_ref().filter(visible) {
        described["references"] = json!(format!("{}.{}", reference.table, reference.column));
    }
    described
}
