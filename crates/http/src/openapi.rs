//! OpenAPI 3.1, made of the route table: what is mounted is described, and nothing else.

use std::sync::OnceLock;

use atomicbase_core::Code;
use serde_json::{Map, Value, json};

use crate::route::{Access, Route};

/// Codes that any route can answer with.
const EVERYWHERE: [Code; 8] = [
    Code::InvalidQuery,
    Code::UnsupportedMediaType,
    Code::QueryTooDeep,
    Code::RequestTimeout,
    Code::PayloadTooLarge,
    Code::Internal,
    Code::Unavailable,
    Code::StorageFull,
];

/// The whole document.
#[must_use]
pub fn openapi<'a>(routes: impl IntoIterator<Item = &'a Route>) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::from_iter([("Problem".to_owned(), problem_schema())]);
    for route in routes {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.method.as_str().to_lowercase()] = operation(route);
        schemas.extend(
            route.described.schemas.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())),
        );
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Atomicbase",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One SQLite database per customer: templates, pushes, and queries.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A service key, atb_sk_…"}},
            "schemas": schemas,
            "headers": headers(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let described = &route.described;
    let mut parameters: Vec<Value> = path_parameters(route.path);
    if route.access == Access::Database {
        parameters.extend(database_parameters());
    }
    parameters.extend(described.parameters.iter().cloned());
    let mut operation = json!({
        "operationId": route.operation,
        "summary": described.summary,
        "tags": [route.path.split('/').nth(1).unwrap_or_default()],
        "parameters": parameters,
        "responses": responses(route),
        "security": match route.access {
            Access::Public => json!([]),
            Access::Key(_) => json!([{"key": []}]),
            // What policies open to `anonymous` needs no key.
            Access::Database => json!([{"key": []}, {}]),
        },
    });
    if let Some(request) = &described.request {
        let mut content = json!({"schema": request});
        if !described.examples.is_empty() {
            let examples = described.examples.iter();
            content["examples"] = examples
                .map(|(name, body)| ((*name).to_owned(), json!({"value": body})))
                .collect::<Map<_, _>>()
                .into();
        }
        operation["requestBody"] =
            json!({"required": !described.bare, "content": {"application/json": content}});
    }
    operation
}

/// Which database, and who asks.
fn database_parameters() -> [Value; 2] {
    [
        json!({
            "name": "Database",
            "in": "header",
            "required": false,
            "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"},
            "description": "Id or name of the database. A key of one database may leave it out.",
        }),
        json!({
            "name": "Act-As",
            "in": "header",
            "required": false,
            "schema": {
                "type": "string",
                "pattern": "^(anonymous|(role|user|org)=[!-:<-~]+(; ?(role|user|org)=[!-:<-~]+)*)$",
            },
            "description": "`role=viewer; user=usr_…` or `anonymous`: a key asks with that caller's rights.",
        }),
    ]
}

/// Headers of answers.
fn headers() -> Value {
    json!({
        "X-Request-Id": {"description": "Finds the request in the log.", "schema": {"type": "string"}},
        "Template-Version": {"description": "The version of its template that the database is at.",
            "schema": {"type": "integer", "minimum": 0}},
        "Retry-After": {"description": "Seconds after which to send the request again.",
            "schema": {"type": "integer", "minimum": 1}},
    })
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}}))
        .collect()
}

fn responses(route: &Route) -> Value {
    let described = &route.described;
    let mut responses = Map::new();
    for (status, schema) in std::iter::once(&described.response).chain(&described.also) {
        let mut response = json!({"description": "Success", "headers": headers_of(route, *status)});
        if !schema.is_null() {
            let media_type = described.media_type.unwrap_or("application/json");
            response["content"] = json!({media_type: {"schema": schema}});
        }
        if let Some((media_type, schema)) = &described.other {
            response["content"][*media_type] = json!({"schema": schema});
        }
        responses.insert(status.to_string(), response);
    }
    let guarded: &[Code] = match route.access {
        Access::Public => &[],
        Access::Key(_) => &[Code::Unauthenticated, Code::Forbidden, Code::RateLimited],
        Access::Database => &[
            Code::Unauthenticated,
            Code::Forbidden,
            Code::DatabaseRequired,
            Code::DatabaseNotFound,
            // A user that `Act-As` names.
            Code::NotFound,
            Code::MigrationInProgress,
            Code::RateLimited,
        ],
    };
    for code in EVERYWHERE.iter().chain(guarded).chain(&described.codes) {
        let entry = responses.entry(code.status().to_string()).or_insert_with(|| {
            json!({"description": "", "headers": headers_of(route, code.status()), "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}})
        });
        let listed = entry["description"].as_str().unwrap_or_default().to_owned();
        if !listed.split(", ").any(|known| known == code.as_str()) {
            let separator = if listed.is_empty() { "" } else { ", " };
            entry["description"] = json!(format!("{listed}{separator}{}", code.as_str()));
        }
    }
    Value::Object(responses)
}

/// The headers of an answer with this status.
fn headers_of(route: &Route, status: u16) -> Value {
    let mut names = vec!["X-Request-Id"];
    if route.access == Access::Database {
        names.push("Template-Version");
    }
    if status == 429 || status == 503 {
        names.push("Retry-After");
    }
    let headers = names.into_iter().map(|name| {
        let header = json!({"$ref": format!("#/components/headers/{name}")});
        (name.to_owned(), header)
    });
    headers.collect::<Map<_, _>>().into()
}

fn problem_schema() -> Value {
    static CODES: OnceLock<Vec<&'static str>> = OnceLock::new();
    let codes = CODES.get_or_init(|| Code::ALL.iter().map(|code| code.as_str()).collect());
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": codes},
            "hint": {"type": "string"},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object", "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}}}},
        },
    })
}
