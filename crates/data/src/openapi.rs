//! Table: what OpenAPI says of the data API's routes. The language of queries is in `openapi/schemas.rs`.

mod schemas;

use atomicbase_core::Code;
use atomicbase_http::Described;
use serde_json::{Value, json};

use crate::export_rows::LINES;

/// What any query may be refused with.
const REFUSALS: [Code; 16] = [
    Code::TableNotFound,
    Code::ColumnNotFound,
    Code::RelationNotFound,
    Code::AmbiguousRelation,
    Code::InvalidOperator,
    Code::TypeMismatch,
    Code::CursorExpired,
    Code::AnswerTooLarge,
    Code::TooManyRows,
    Code::MissingWhereClause,
    Code::NotNullViolation,
    Code::CheckViolation,
    Code::UniqueViolation,
    Code::ForeignKeyViolation,
    Code::MigrationFailed,
    Code::QueryTimeout,
];
/// What a question about the schema may be refused with.
const DESCRIPTION_REFUSALS: [Code; 2] = [Code::MigrationFailed, Code::QueryTimeout];

pub(crate) fn query_rows() -> Described {
    Described {
        summary: "Select, insert, update or delete rows of a table",
        request: Some(json!({"anyOf": [
            schemas::named("Select"), schemas::named("Insert"), schemas::named("Update"), schemas::named("Delete"),
        ]})),
        bare: true,
        examples: vec![
            (
                "select",
                json!({
                    "select": ["id", "title", {"projects": ["name"]}],
                    "where": [{"status": {"eq": "todo"}}],
                    "order": {"title": "asc"},
                    "limit": 10,
                }),
            ),
            (
                "insert",
                json!({"data": {"id": "t9", "project_id": "p1", "title": "Ship it"}, "returning": ["*"]}),
            ),
            ("update", json!({"data": {"status": "done"}, "where": [{"id": {"eq": "t9"}}]})),
            ("delete", json!({"where": [{"id": {"eq": "t9"}}]})),
        ],
        response: (200, json!({"anyOf": [schemas::named("Selected"), schemas::named("Written")]})),
        other: Some((
            LINES,
            json!({"type": "string", "description": "A select's rows, one JSON object per line."}),
        )),
        codes: REFUSALS.to_vec(),
        parameters: vec![prefer(
            "Which operation, a select where it is left out, and how it is done: `count=exact` also counts, `bigint=string` \
             answers integers beyond 2^53 as strings, `max-affected=n` refuses a write of more rows. Others are ignored.",
            "operation=select, count=exact",
        )],
        schemas: schemas::all(),
        ..Described::default()
    }
}

pub(crate) fn run_batch() -> Described {
    Described {
        summary: "Run several operations in one transaction, all or nothing",
        request: Some(schemas::named("Batch")),
        examples: vec![(
            "project with a task",
            json!({"operations": [
                {"operation": "insert", "table": "projects",
                    "body": {"data": {"id": "p9", "name": "Fair", "created_by": "ada", "created_at": 0}}},
                {"operation": "insert", "table": "tasks",
                    "body": {"data": {"id": "t9", "project_id": "p9", "title": "Book a stand"}}},
            ]}),
        )],
        response: (200, schemas::named("BatchAnswer")),
        codes: REFUSALS.to_vec(),
        parameters: vec![prefer(
            "How the operations are done: `count=exact` counts in each select, `max-affected=n` holds for each write, \
             `bigint=string` answers integers beyond 2^53 as strings. Others are ignored.",
            "max-affected=1",
        )],
        schemas: schemas::all(),
        ..Described::default()
    }
}

pub(crate) fn describe_schema() -> Described {
    Described {
        summary: "The tables of the database",
        response: (
            200,
            json!({
                "type": "object",
                "required": ["template", "version", "tables"],
                "additionalProperties": false,
                "properties": {
                    "template": {"type": "string"},
                    "version": {"type": "integer"},
                    "tables": {"type": "array", "items": schemas::named("Table")},
                },
            }),
        ),
        codes: DESCRIPTION_REFUSALS.to_vec(),
        schemas: schemas::all(),
        ..Described::default()
    }
}

pub(crate) fn describe_table() -> Described {
    Described {
        summary: "One table of the database",
        response: (200, schemas::named("Table")),
        codes: [&[Code::TableNotFound], &DESCRIPTION_REFUSALS[..]].concat(),
        schemas: schemas::all(),
        ..Described::default()
    }
}

/// Whatever is not known is ignored, so that any text may be sent; the first choice says what is known.
fn prefer(description: &str, example: &str) -> Value {
    const KNOWN: &str =
        "(operation=(select|insert|update|delete)|count=exact|bigint=string|max-affected=[0-9]{1,9})";
    json!({
        "name": "Prefer",
        "in": "header",
        "required": false,
        "schema": {"anyOf": [
            {"type": "string", "pattern": format!("^{KNOWN}(, ?{KNOWN})*$")},
            {"type": "string"},
        ]},
        "description": description,
        "example": example,
    })
}
