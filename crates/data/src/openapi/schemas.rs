//! Table: the language of queries as JSON Schema. It says the shapes; which names and values there are is the template's.
//! A `null` that stands for a field is no field, and so fits wherever a field may be left out.

use serde_json::{Map, Value, json};

/// A reference to one of the schemas below.
pub(super) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// All schemas that the routes refer to.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("Select", select()),
        ("Selection", selection()),
        ("Relation", relation()),
        ("Aggregate", aggregate()),
        ("SearchValue", search_value()),
        ("Order", order()),
        ("Insert", insert()),
        ("Update", update()),
        ("Delete", delete()),
        ("NewRow", new_row()),
        ("Returning", returning()),
        ("Batch", batch()),
        ("Operation", operation()),
        ("Reference", reference()),
        ("Selected", selected()),
        ("Written", written()),
        ("BatchAnswer", batch_answer()),
        ("Row", json!({"type": "object", "description": "Columns and their values, and related rows."})),
        ("Table", table()),
    ];
    all.extend(conditions());
    all
}

/// An object with these fields and no others. Those that are not required may be null.
fn object(description: &str, required: &[&str], properties: Value) -> Value {
    let Value::Object(properties) = properties else { return Value::Null };
    let properties = properties.into_iter().map(|(name, schema)| {
        let schema = if required.contains(&name.as_str()) {
            schema
        } else {
            json!({"anyOf": [schema, {"type": "null"}]})
        };
        (name, schema)
    });
    json!({
        "type": "object",
        "description": description,
        "required": required,
        "additionalProperties": false,
        "properties": properties.collect::<Map<_, _>>(),
    })
}

/// One of these, or a list of them.
fn one_or_list(item: &Value, min_items: u32) -> Value {
    json!({"anyOf": [item, {"type": "array", "minItems": min_items, "items": item}]})
}

fn described(description: &str, mut schema: Value) -> Value {
    schema["description"] = description.into();
    schema
}

fn name() -> Value {
    json!({"type": "string", "minLength": 1})
}

fn rows() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": i64::MAX})
}

fn select() -> Value {
    let mut fields = json!({
        "offset": described("Rows to leave out first.", rows()),
        "cursor": {"type": "string",
            "description": "`next` or `prev` of an answer to the same `where` and `order`; without `offset`, `group` and `distinct`."},
    });
    merge(&mut fields, list_fields());
    object(
        "Which rows, and what of them. Without fields: every column of the first rows by primary key.",
        &[],
        fields,
    )
}

/// Fields of a select that a relation has too.
fn list_fields() -> Value {
    json!({
        "select": named("Selection"),
        "where": named("Where"),
        "order": named("Order"),
        "limit": described("Rows at most: 100 where it is left out. The server's settings say the most.", rows()),
        "distinct": {"type": "boolean", "description": "Rows that are alike come once; without relations."},
        "group": described("Columns by which rows are put together.", one_or_list(&name(), 1)),
        "having": described("Conditions on the aggregates of the selection, by their labels.", named("Where")),
    })
}

fn merge(fields: &mut Value, others: Value) {
    if let (Value::Object(fields), Value::Object(others)) = (fields, others) {
        fields.extend(others);
    }
}

fn selection() -> Value {
    let value =
        json!({"anyOf": [named("Selection"), named("Relation"), named("Aggregate"), named("SearchValue")]});
    let item = json!({"anyOf": [
        described("A column, or `*` for all of them.", name()),
        {"type": "object", "minProperties": 1, "propertyNames": {"maxLength": 64}, "additionalProperties": value,
            "description": "Related rows by the relation's name, or anything under a label."},
    ]});
    json!({
        "description": "`[\"id\", {\"tasks\": [\"title\"]}, {\"n\": {\"count\": \"*\"}}]`; one column may stand by itself.",
        "anyOf": [name(), {"type": "array", "minItems": 1, "items": item}],
    })
}

fn relation() -> Value {
    let mut fields = json!({
        "from": described("The relation: `tasks`, `tasks!project_id`, `!parent_id`, `users!memberships`; the label where it is left out.", name()),
    });
    merge(&mut fields, list_fields());
    object("Related rows: which, and what of them.", &[], fields)
}

fn aggregate() -> Value {
    let one = |function: &str, description: &str| {
        json!({
            "type": "object",
            "description": description,
            "required": [function],
            "additionalProperties": false,
            "properties": {function: name()},
        })
    };
    json!({"description": "A value made of all rows, or of those of a group.", "anyOf": [
        one("count", "Rows, of `*`; values that are not NULL, of a column."),
        one("sum", "Of an integer or real column; NULL of nothing."),
        one("avg", "Of an integer or real column; NULL of nothing."),
        one("min", "Of any column but JSON; NULL of nothing."),
        one("max", "Of any column but JSON; NULL of nothing."),
    ]})
}

fn search_value() -> Value {
    let mark = |description: &str| json!({"type": "string", "maxLength": 64, "description": description});
    let marks = json!({
        "column": name(),
        "before": mark("Before a word that was found: `<b>`."),
        "after": mark("After it: `</b>`."),
    });
    let mut excerpt = json!({
        "ellipsis": mark("For text that is left out: `…`."),
        "tokens": {"type": "integer", "minimum": 1, "maximum": 64, "description": "Words at most: 16."},
    });
    merge(&mut excerpt, marks.clone());
    let one = |word: &str, schema: Value| json!({"type": "object", "required": [word], "additionalProperties": false, "properties": {word: schema}});
    json!({"description": "What the one search of the conditions tells of a row.", "anyOf": [
        one("rank", json!({"const": "__fts", "description": "How well it fits: the less, the better."})),
        one("highlight", json!({"anyOf": [name(), object("The column's text with its words marked.", &["column"], marks)]})),
        one("snippet", json!({"anyOf": [name(), object("A part of the text around them.", &["column"], excerpt)]})),
    ]})
}

fn order() -> Value {
    let by =
        json!({"type": "object", "maxProperties": 50, "additionalProperties": {"enum": ["asc", "desc"]}});
    described(
        "`{\"title\": \"asc\"}` or a list of these: columns, labels of aggregates, or `__rank` of a search.",
        one_or_list(&by, 0),
    )
}

/// `where`, and what it is made of.
fn conditions() -> [(&'static str, Value); 5] {
    let condition = named("Condition");
    let group = one_or_list(&condition, 1);
    let operand = named("Operand");
    let text = json!({"type": "string", "maxLength": 1024});
    let pattern = json!({"type": "string", "maxLength": 128});
    let mut operators: Map<String, Value> = ["eq", "neq", "gt", "gte", "lt", "lte"]
        .map(|name| (name.to_owned(), operand.clone()))
        .into_iter()
        .collect();
    operators.extend([
        ("like".to_owned(), described("A pattern of `%` and `_`.", pattern.clone())),
        ("glob".to_owned(), described("A pattern of `*`, `?` and `[…]`.", pattern)),
        ("in".to_owned(), json!({"type": "array", "maxItems": 1000, "items": operand})),
        ("between".to_owned(), json!({"type": "array", "minItems": 2, "maxItems": 2, "items": operand})),
        ("is".to_owned(), json!({"anyOf": [operand, {"type": "null"}]})),
        (
            "not".to_owned(),
            json!({"anyOf": [operand, {"type": "null"}, named("Operators")],
            "description": "Is not the value, NULL included; or the operators do not hold."}),
        ),
        ("fts".to_owned(), described("Words that the column's text has, all of them.", text.clone())),
        ("match".to_owned(), described("An expression in the grammar of SQLite's FTS5.", text)),
    ]);
    let quantifiers: Map<String, Value> =
        ["some", "none", "every"].map(|name| (name.to_owned(), named("Where"))).into_iter().collect();
    [
        ("Where", described("Conditions that all hold, or one.", one_or_list(&condition, 0))),
        (
            "Condition",
            json!({
                "type": "object",
                "description": "By a column, a path in a JSON column (`meta->a.b.0`), a column of related rows (`tasks.status`), \
                                or `__fts` for the table's full-text search: operators. By a relation: quantifiers.",
                "minProperties": 1,
                "properties": {"and": group, "or": group, "not": group},
                "additionalProperties": {"anyOf": [named("Operators"), named("Quantifiers")]},
            }),
        ),
        (
            "Operators",
            json!({"type": "object", "minProperties": 1, "additionalProperties": false, "properties": operators}),
        ),
        (
            "Quantifiers",
            json!({"type": "object", "minProperties": 1, "additionalProperties": false, "properties": quantifiers,
                "description": "Of the related rows: one meets the conditions, none does, or none fails them."}),
        ),
        (
            "Operand",
            json!({"anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "object", "required": ["__col"], "additionalProperties": false, "properties": {"__col": name()},
                    "description": "Another column of the same row."},
                named("Reference"),
            ]}),
        ),
    ]
}

/// By a pattern, because many tools take any member called `$ref` for a reference of the document.
fn reference() -> Value {
    json!({
        "type": "object",
        "description": "`{\"$ref\": \"0.id\"}`: in a batch, a value of an earlier operation; `0.2.id` is of its third row.",
        "required": ["$ref"],
        "additionalProperties": false,
        "patternProperties": {"^\\$ref$": {"type": "string", "pattern": "^[0-9]+\\.([0-9]+\\.)?[^.]+$"}},
    })
}

fn new_row() -> Value {
    json!({"type": "object", "additionalProperties": true,
        "description": "Columns and their values. A value may be a reference, but not in a JSON column."})
}

fn insert() -> Value {
    let names = json!({"type": "array", "minItems": 1, "items": name()});
    let on_conflict = object(
        "What happens where a row of the same key exists; without it, the insert fails.",
        &["action"],
        json!({
            "target": described("Columns that are unique together: the primary key where left out.", names.clone()),
            "action": {"enum": ["ignore", "update", "replace"]},
            "update": described("Columns that `update` takes over: all that are given where left out.", names),
        }),
    );
    object(
        "New rows, all or none.",
        &["data"],
        json!({
            "data": one_or_list(&named("NewRow"), 0),
            "returning": named("Returning"),
            "on_conflict": on_conflict,
        }),
    )
}

fn update() -> Value {
    let data = json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": true,
        "description": "Columns and their new values: `{\"views\": {\"__inc\": 1}}` adds to a number.",
    });
    object(
        "New values in the rows that `where` finds.",
        &["data", "where"],
        json!({"data": data, "where": some_where(), "returning": named("Returning")}),
    )
}

fn delete() -> Value {
    object(
        "The rows that `where` finds, away.",
        &["where"],
        json!({"where": some_where(), "returning": named("Returning")}),
    )
}

/// A write has at least one condition.
fn some_where() -> Value {
    described("At least one condition.", one_or_list(&named("Condition"), 1))
}

fn returning() -> Value {
    let value = json!({"anyOf": [named("Selection"), named("Relation")]});
    let item = json!({"anyOf": [
        name(),
        {"type": "object", "minProperties": 1, "propertyNames": {"maxLength": 64}, "additionalProperties": value},
    ]});
    json!({
        "description": "What is answered of the rows written: columns and related rows.",
        "anyOf": [name(), {"type": "array", "minItems": 1, "items": item}],
    })
}

fn batch() -> Value {
    object(
        "Operations of one transaction, in order.",
        &["operations"],
        json!({"operations": {"type": "array", "minItems": 1, "maxItems": 1000, "items": named("Operation")}}),
    )
}

fn operation() -> Value {
    let one = |word: &str, description: &str, body: &str, required: &[&str]| {
        object(
            description,
            required,
            json!({"operation": {"const": word}, "table": name(), "body": named(body)}),
        )
    };
    let (bare, whole) = (["operation", "table"], ["operation", "table", "body"]);
    json!({"anyOf": [
        one("select", "Reads rows.", "Select", &bare),
        one("insert", "Inserts rows.", "Insert", &whole),
        one("update", "Changes rows.", "Update", &whole),
        one("delete", "Deletes rows.", "Delete", &whole),
    ]})
}

fn selected() -> Value {
    let cursor = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "required": ["data"],
        "additionalProperties": false,
        "properties": {
            "data": {"type": "array", "items": named("Row")},
            "count": described("All rows that match, where `Prefer: count=exact` asked.", rows()),
            "next": cursor("The `cursor` of the page that follows, while rows follow."),
            "prev": cursor("The `cursor` of the page before, of any page but the first."),
        },
    })
}

fn written() -> Value {
    json!({
        "type": "object",
        "required": ["rows_affected"],
        "additionalProperties": false,
        "properties": {
            "data": {"type": "array", "items": named("Row"), "description": "Where `returning` asked: the rows that the caller sees."},
            "rows_affected": rows(),
            "last_insert_id": {"type": ["integer", "string"],
                "description": "The number that the last new row got; a string beyond 2^53 with `Prefer: bigint=string`."},
        },
    })
}

fn batch_answer() -> Value {
    json!({
        "type": "object",
        "required": ["results"],
        "additionalProperties": false,
        "properties": {
            "results": {"type": "array", "items": {"anyOf": [named("Selected"), named("Written")]},
                "description": "What each operation would have answered by itself."},
        },
    })
}

fn table() -> Value {
    let names = json!({"type": "array", "items": name()});
    let column = json!({
        "type": "object",
        "required": ["name", "type", "not_null", "has_default", "generated"],
        "additionalProperties": false,
        "properties": {
            "name": name(),
            "type": {"enum": ["text", "integer", "real", "blob", "boolean", "json", "timestamp", "id"]},
            "not_null": {"type": "boolean"},
            "has_default": {"type": "boolean"},
            "generated": {"type": "boolean"},
            "enum": names,
            "references": {"type": "string", "description": "`table.column`"},
        },
    });
    let relation = json!({
        "type": "object",
        "required": ["name", "table", "kind", "column", "references"],
        "additionalProperties": false,
        "properties": {
            "name": described("As `select` takes it; never ambiguous.", name()),
            "table": name(),
            "kind": {"enum": ["one", "many"]},
            "column": name(),
            "references": name(),
        },
    });
    json!({
        "type": "object",
        "description": "A table as the caller may see it.",
        "required": ["name", "columns", "primary_key", "unique", "relations"],
        "additionalProperties": false,
        "properties": {
            "name": name(),
            "columns": {"type": "array", "items": column},
            "primary_key": names,
            "unique": {"type": "array", "items": names},
            "relations": {"type": "array", "items": relation},
            "fts": described("Columns of the full-text search.", names),
        },
    })
}
