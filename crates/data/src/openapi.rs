//! Table: what OpenAPI says of the data API. Schemas describe the shape; names and types are the template's.

use atomicbase_core::Code;
use atomicbase_http::Described;
use serde_json::{Value, json};

const REFUSALS: [Code; 9] = [
    Code::TableNotFound,
    Code::ColumnNotFound,
    Code::RelationNotFound,
    Code::AmbiguousRelation,
    Code::InvalidOperator,
    Code::TypeMismatch,
    Code::QueryTimeout,
    Code::AnswerTooLarge,
    Code::MigrationFailed,
];
const WRITE_REFUSALS: [Code; 5] = [
    Code::UniqueViolation,
    Code::ForeignKeyViolation,
    Code::NotNullViolation,
    Code::CheckViolation,
    Code::MissingWhereClause,
];

pub(crate) fn query_rows() -> Described {
    Described {
        summary: "Select, insert, update or delete rows of a table",
        request: Some(json!({"anyOf": [select(), insert(), update(), delete()]})),
        response: (200, json!({"anyOf": [selected(), written()]})),
        codes: REFUSALS.into_iter().chain(WRITE_REFUSALS).collect(),
        parameters: vec![prefer("`operation=select|insert|update|delete`, `count=exact`, `bigint=string`.")],
        ..Described::default()
    }
}

pub(crate) fn run_batch() -> Described {
    let operation = json!({
        "type": "object",
        "required": ["operation", "table"],
        "additionalProperties": false,
        "properties": {
            "operation": {"enum": ["select", "insert", "update", "delete"]},
            "table": {"type": "string"},
            "body": {"anyOf": [select(), insert(), update(), delete()]},
        },
    });
    Described {
        summary: "Run several operations in one transaction, all or nothing",
        request: Some(json!({
            "type": "object",
            "required": ["operations"],
            "additionalProperties": false,
            "properties": {"operations": {"type": "array", "minItems": 1, "items": operation}},
        })),
        response: (
            200,
            json!({
                "type": "object",
                "required": ["results"],
                "properties": {"results": {"type": "array", "items": {"anyOf": [selected(), written()]}}},
            }),
        ),
        codes: REFUSALS.into_iter().chain(WRITE_REFUSALS).collect(),
        parameters: vec![prefer("`bigint=string`.")],
        ..Described::default()
    }
}

pub(crate) fn describe_schema() -> Described {
    let schema = json!({
        "type": "object",
        "required": ["template", "version", "tables"],
        "properties": {
            "template": {"type": "string"},
            "version": {"type": "integer"},
            "tables": {"type": "array", "items": table()},
        },
    });
    Described { summary: "The tables of the database", response: (200, schema), ..Described::default() }
}

pub(crate) fn describe_table() -> Described {
    Described {
        summary: "One table of the database",
        response: (200, table()),
        codes: vec![Code::TableNotFound],
        ..Described::default()
    }
}

fn prefer(description: &str) -> Value {
    json!({"name": "Prefer", "in": "header", "required": false, "schema": {"type": "string"}, "description": description})
}

fn columns() -> Value {
    json!({"description": "Names of columns, `*`, and objects of relations: `[\"id\", {\"tasks\": [\"title\"]}]`. One name may stand by itself.",
        "type": ["array", "string"], "minItems": 1, "items": {"type": ["string", "object"], "minProperties": 1}})
}

/// A write has at least one condition.
fn condition(min_items: u32) -> Value {
    json!({"description": "Conditions that all hold: `[{\"status\": {\"eq\": \"todo\"}}, {\"or\": […]}]`. One may stand by itself.",
        "type": ["array", "object"], "minItems": min_items, "minProperties": 1,
        "items": {"type": "object", "minProperties": 1}})
}

fn names() -> Value {
    json!({"type": "array", "minItems": 1, "items": {"type": "string"}})
}

fn row() -> Value {
    json!({"type": "object", "description": "Columns and their values."})
}

fn select() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "select": columns(),
            "where": condition(0),
            "order": {"anyOf": [
                {"type": "object", "additionalProperties": {"enum": ["asc", "desc"]}},
                {"type": "array", "items": {"type": "object", "additionalProperties": {"enum": ["asc", "desc"]}}},
            ]},
            "limit": {"type": "integer", "minimum": 0},
            "offset": {"type": "integer", "minimum": 0},
        },
    })
}

fn insert() -> Value {
    json!({
        "type": "object",
        "required": ["data"],
        "additionalProperties": false,
        "properties": {
            "data": {"anyOf": [row(), {"type": "array", "items": row()}]},
            "returning": columns(),
            "on_conflict": {
                "type": "object",
                "required": ["action"],
                "additionalProperties": false,
                "properties": {
                    "target": names(),
                    "action": {"enum": ["ignore", "update", "replace"]},
                    "update": names(),
                },
            },
        },
    })
}

fn update() -> Value {
    json!({
        "type": "object",
        "required": ["data", "where"],
        "additionalProperties": false,
        "properties": {"data": row(), "where": condition(1), "returning": columns()},
    })
}

fn delete() -> Value {
    json!({
        "type": "object",
        "required": ["where"],
        "additionalProperties": false,
        "properties": {"where": condition(1), "returning": columns()},
    })
}

fn selected() -> Value {
    json!({
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": row()}, "count": {"type": "integer"}},
    })
}

fn written() -> Value {
    json!({
        "type": "object",
        "required": ["rows_affected"],
        "properties": {
            "data": {"type": "array", "items": row()},
            "rows_affected": {"type": "integer"},
            "last_insert_id": {"type": ["integer", "string"]},
        },
    })
}

fn table() -> Value {
    json!({
        "type": "object",
        "required": ["name", "columns", "primary_key", "unique", "relations"],
        "properties": {
            "name": {"type": "string"},
            "columns": {"type": "array", "items": {"type": "object", "required": ["name", "type", "not_null"]}},
            "primary_key": {"type": "array", "items": {"type": "string"}},
            "unique": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
            "relations": {"type": "array", "items": {"type": "object", "required": ["name", "table", "kind"]}},
        },
    })
}
