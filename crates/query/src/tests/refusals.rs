//! Bodies that are refused, where and with which words, before any SQL.

use atomicbase_core::{Code, Limits};
use serde_json::{Value, json};

use super::{compile, refusal, select};
use crate::{Verb, parse_batch};

const SELECT: Verb = Verb::Select { count: false };

#[track_caller]
fn assert_refused(verb: Verb, table: &str, body: &str, code: Code, path: &str, words: &str) {
    let problem = compile(verb, table, body).unwrap_err();
    let at = problem.errors().first().map(|error| error.path.as_str()).unwrap_or_default();
    assert_eq!((problem.code(), at), (code, path), "{body}: {problem} {problem:?}");
    let said = format!("{} {}", problem.detail(), problem.hint_text().unwrap_or_default());
    assert!(said.contains(words), "{body}: {said}");
}

#[test]
fn bodies_of_another_kind() {
    for body in ["null", "[]", "[null,null,null,null,null]", "\"x\"", "5", "true", "[{}]"] {
        for verb in [SELECT, Verb::Insert, Verb::Update, Verb::Delete] {
            assert_refused(verb, "users", body, Code::InvalidQuery, "", "An object with");
        }
    }
}

#[test]
fn fields_that_do_not_exist_or_stand_twice() {
    let query = Code::InvalidQuery;
    assert_refused(SELECT, "users", r#"{"selct": []}"#, query, "selct", "Did you mean `select`?");
    assert_refused(SELECT, "users", r#"{"data": {}}"#, query, "data", "There are `select`, `where`");
    assert_refused(SELECT, "users", r#"{"limit": 1, "limit": 2}"#, query, "limit", "twice");
    assert_refused(Verb::Insert, "users", r#"{"data": {}, "where": []}"#, query, "where", "no field");
    assert_refused(Verb::Insert, "users", r#"{}"#, query, "data", "missing");
    assert_refused(Verb::Insert, "users", r#"{"data": null}"#, query, "data", "missing");
    assert_refused(Verb::Insert, "users", r#"{"data": "x"}"#, query, "data", "A row, or a list of rows");
    assert_refused(Verb::Insert, "users", r#"{"data": [[]]}"#, query, "data[0]", "A row");
    assert_refused(
        Verb::Insert,
        "users",
        r#"{"data": {"name": 1, "name": 2}}"#,
        Code::TypeMismatch,
        "data.name",
        "text",
    );
    assert_refused(
        Verb::Insert,
        "users",
        r#"{"data": {"name": "a", "name": "b"}}"#,
        query,
        "data.name",
        "twice",
    );
    assert_refused(
        Verb::Update,
        "users",
        r#"{"data": [], "where": {"id": {"eq": ""}}}"#,
        query,
        "data",
        "An object",
    );
    assert_refused(
        Verb::Update,
        "users",
        r#"{"data": {}, "where": {"id": {"eq": ""}}}"#,
        query,
        "data",
        "no column",
    );
    assert_refused(
        Verb::Update,
        "users",
        r#"{"data": {"nam": "b"}, "where": {"id": {"eq": ""}}}"#,
        Code::ColumnNotFound,
        "data.nam",
        "`name`",
    );
    assert_refused(
        Verb::Update,
        "projects",
        r#"{"data": {"label": "b"}, "where": {"id": {"eq": 1}}}"#,
        query,
        "data.label",
        "computed",
    );
}

#[test]
fn members_that_stand_twice_anywhere() {
    for (filter, path) in [
        (r#"[{"id": {"gt": "a"}, "id": {"gt": "b"}}]"#, "where[0].id"),
        (r#"[{"id": {"gt": "a", "gt": "b"}}]"#, "where[0].id.gt"),
        (r#"[{"id": {"gt": "a"}, "i\u0064": {"gt": "b"}}]"#, "where[0].id"),
        (r#"{"or": [{"id": {"eq": "a"}}], "or": [{"id": {"eq": "b"}}]}"#, "where.or"),
    ] {
        let body = format!(r#"{{"where": {filter}}}"#);
        assert_refused(Verb::Delete, "users", &body, Code::InvalidQuery, path, "stands twice");
    }
    for (body, path) in [
        (r#"{"order": {"id": "asc", "id": "desc"}}"#, "order.id"),
        (r#"{"select": [{"tasks!author": ["id"], "tasks!author": ["title"]}]}"#, "select[0].tasks!author"),
        (r#"{"select": [{"t": {"from": "tasks!author", "from": "!boss_id"}}]}"#, "select[0].t.from"),
    ] {
        assert_refused(SELECT, "users", body, Code::InvalidQuery, path, "stands twice");
    }
}

#[test]
fn writes_without_a_where() {
    for filter in ["", r#", "where": []"#, r#", "where": null"#] {
        let update = format!(r#"{{"data": {{"name": "x"}}{filter}}}"#);
        assert_refused(Verb::Update, "users", &update, Code::MissingWhereClause, "where", "Add `where`");
        let delete = format!(r#"{{"returning": ["id"]{filter}}}"#);
        assert_refused(Verb::Delete, "users", &delete, Code::MissingWhereClause, "where", "Add `where`");
    }
    // Conditions that would hold for every row are no conditions.
    for filter in ["{}", "[{}]", r#"{"not": []}"#, r#"{"and": []}"#, r#"{"or": []}"#, r#"{"id": {}}"#] {
        let problem = compile(Verb::Delete, "users", &format!(r#"{{"where": {filter}}}"#)).unwrap_err();
        assert_eq!(problem.code(), Code::InvalidQuery, "{filter}");
    }
}

#[test]
fn names_that_do_not_exist() {
    let (code, _, hint) = refusal(select("task", json!({})));
    assert_eq!((code, hint.as_str()), (Code::TableNotFound, "Did you mean `tasks`?"));
    for name in
        ["sqlite_master", "_atomicbase_moves", "users\0", "users\"; DROP TABLE users; --", "", "USERS "]
    {
        assert_eq!(refusal(select(name, json!({}))).0, Code::TableNotFound, "{name}");
    }
    let column = Code::ColumnNotFound;
    assert_refused(SELECT, "tasks", r#"{"select": ["titel"]}"#, column, "select[0]", "Did you mean `title`?");
    assert_refused(SELECT, "tasks", r#"{"select": "rowid"}"#, column, "select", "no column `rowid`");
    assert_refused(SELECT, "tasks", r#"{"order": {"titel": "asc"}}"#, column, "order.titel", "`title`");
    assert_refused(
        SELECT,
        "tasks",
        r#"{"where": [{"or": [{"titel": {"eq": 1}}]}]}"#,
        column,
        "where[0].or[0].titel",
        "`title`",
    );
    assert_refused(
        SELECT,
        "tasks",
        r#"{"where": {"title\" OR 1 --": {"eq": 1}}}"#,
        column,
        "where.title\" OR 1 --",
        "no column",
    );
    assert_refused(
        Verb::Delete,
        "tasks",
        r#"{"where": {"id": {"eq": ""}}, "returning": ["titel"]}"#,
        column,
        "returning[0]",
        "`title`",
    );
    assert_refused(SELECT, "tasks", r#"{"select": ["projects"]}"#, column, "select[0]", "is a relation");
    assert_refused(
        Verb::Insert,
        "tasks",
        r#"{"data": [], "returning": ["titel"]}"#,
        column,
        "returning[0]",
        "`title`",
    );
}

#[test]
fn relations_that_do_not_exist_or_are_several() {
    let at = "select[0].x";
    let from = |from: &str| format!(r#"{{"select": [{{"x": {{"from": "{from}"}}}}]}}"#);
    let refused = |table: &str, name: &str, code, words: &str| {
        assert_refused(SELECT, table, &from(name), code, at, words);
    };
    refused("tasks", "project", Code::RelationNotFound, "Did you mean `projects`?");
    refused("tasks", "excluded", Code::RelationNotFound, "No foreign key joins");
    refused("tasks", "weather", Code::RelationNotFound, "It has projects, users.");
    refused("excluded", "tasks", Code::RelationNotFound, "No foreign key");
    refused("tasks", "users", Code::AmbiguousRelation, "Write `!author` or `!reviewer_id`.");
    refused("tasks", "!title", Code::RelationNotFound, "");
    refused("tasks", "!", Code::RelationNotFound, "");
    refused("tasks", "", Code::RelationNotFound, "");
    refused("tasks", "users!title", Code::RelationNotFound, "");
    assert_refused(
        SELECT,
        "tasks",
        r#"{"select": [{"projects": {"form": "x"}}]}"#,
        Code::InvalidQuery,
        "select[0].projects.form",
        "Did you mean `from`?",
    );
    assert_refused(
        SELECT,
        "tasks",
        r#"{"select": ["*", {"title": {"from": "projects"}}]}"#,
        Code::InvalidQuery,
        "select[1].title",
        "twice",
    );
    assert_refused(
        SELECT,
        "tasks",
        r#"{"select": [{"a": {"from": "projects"}}, {"a": {"from": "!author"}}]}"#,
        Code::InvalidQuery,
        "select[1].a",
        "twice",
    );
}

#[test]
fn operators_and_values_that_do_not_fit() {
    let (operator, mismatch, query) = (Code::InvalidOperator, Code::TypeMismatch, Code::InvalidQuery);
    for (filter, code, path, words) in [
        (r#"{"id": {"equals": 1}}"#, operator, "where.id.equals", "eq, neq"),
        (r#"{"id": {"gtt": 1}}"#, operator, "where.id.gtt", "Did you mean `gt`?"),
        (r#"{"id": 1}"#, query, "where.id", "{\"id\": {\"eq\": …}}"),
        (r#"{"id": {"eq": null}}"#, mismatch, "where.id.eq", "{\"is\": null}"),
        (r#"{"id": {"in": [1, null]}}"#, mismatch, "where.id.in[1]", "null"),
        (r#"{"id": {"in": 1}}"#, query, "where.id.in", "a list"),
        (r#"{"id": {"between": [1]}}"#, query, "where.id.between", "two values"),
        (r#"{"id": {"between": [1, "x"]}}"#, mismatch, "where.id.between[1]", "an integer"),
        (
            r#"{"id": {"like": "1%"}}"#,
            operator,
            "where.id.like",
            "`like` does not work on `id`, which is integer",
        ),
        (r#"{"photo": {"glob": "*"}}"#, operator, "where.photo.glob", "blob"),
        (r#"{"meta": {"eq": {}}}"#, operator, "where.meta.eq", "json"),
        (r#"{"meta": {"is": 1}}"#, operator, "where.meta.is", "null"),
        (r#"{"name": {"like": 1}}"#, mismatch, "where.name.like", "text"),
        (r#"{"name": {"like": "a\u0000"}}"#, mismatch, "where.name.like", "NUL"),
        (r#"{"name": {"eq": "\ud800"}}"#, query, "where", "cannot be read"),
        (r#"{"budget": {"gt": 1e400}}"#, query, "where", "number out of range"),
        (r#"{"active": {"eq": 1}}"#, mismatch, "where.active.eq", "true or false"),
        (r#""id = 1""#, query, "where", "A list of conditions"),
        (r#"["id"]"#, query, "where[0]", "an object"),
        (r#"[[]]"#, query, "where[0]", "an object"),
    ] {
        assert_refused(SELECT, "projects", &format!(r#"{{"where": {filter}}}"#), code, path, words);
    }
}

#[test]
fn limits_and_orders_that_do_not_fit() {
    let query = Code::InvalidQuery;
    for (field, value, words) in [
        ("limit", "1001", "at most 1000"),
        ("limit", "-1", "whole number"),
        ("limit", "1.5", "whole number"),
        ("limit", "\"5\"", "whole number"),
        ("limit", "1e400", "out of range"),
        ("offset", "9223372036854775808", "whole number"),
        ("offset", "[]", "whole number"),
        ("order", "\"id\"", "{column:"),
        ("order", "5", "{column:"),
        ("select", "[]", "[\"*\"]"),
        ("select", "{}", "A list"),
        ("select", "1", "A list"),
    ] {
        assert_refused(SELECT, "users", &format!(r#"{{"{field}": {value}}}"#), query, field, words);
    }
    assert_refused(SELECT, "users", r#"{"order": {"id": "up"}}"#, query, "order.id", "\"asc\" or \"desc\"");
    assert_refused(SELECT, "users", r#"{"order": ["id"]}"#, query, "order[0]", "{column:");
    for entry in ["{}", "[]", "null", "1"] {
        assert_refused(SELECT, "users", &format!(r#"{{"select": [{entry}]}}"#), query, "select[0]", "wanted");
    }
    assert!(select("users", json!({"offset": i64::MAX, "limit": 0})).is_ok());
}

#[test]
fn conflicts_that_do_not_fit() {
    let query = Code::InvalidQuery;
    for (conflict, code, path, words) in [
        (r#"5"#, query, "on_conflict", "An object with `target`"),
        (r#"[["id"], "ignore", null]"#, query, "on_conflict", "An object"),
        (r#"{}"#, query, "on_conflict.action", "`ignore`, `update`, `replace`"),
        (r#"{"action": 1}"#, query, "on_conflict.action", "An action"),
        (r#"{"action": "ignroe"}"#, query, "on_conflict.action", "Did you mean `ignore`?"),
        (r#"{"action": "update", "targte": []}"#, query, "on_conflict.targte", "`target`"),
        (r#"{"action": "update", "target": "id"}"#, query, "on_conflict.target", "A list of columns"),
        (r#"{"action": "update", "target": []}"#, query, "on_conflict.target", "A list of columns"),
        (
            r#"{"action": "update", "target": ["name"]}"#,
            query,
            "on_conflict.target",
            "There are [id], [email].",
        ),
        (r#"{"action": "update", "target": ["id", "id"]}"#, query, "on_conflict.target", "unique set"),
        (
            r#"{"action": "update", "target": ["mail"]}"#,
            Code::ColumnNotFound,
            "on_conflict.target",
            "`email`",
        ),
        (r#"{"action": "update", "update": []}"#, query, "on_conflict.update", "A list of columns"),
        (r#"{"action": "update", "update": ["nmae"]}"#, Code::ColumnNotFound, "on_conflict.update", "`name`"),
        (r#"{"action": "update", "update": ["name", "name"]}"#, query, "on_conflict.update", "twice"),
        (r#"{"action": "ignore", "update": ["name"]}"#, query, "on_conflict.update", "alone"),
        (r#"{"action": "replace", "update": ["name"]}"#, query, "on_conflict.update", "alone"),
    ] {
        let body = format!(r#"{{"data": {{"email": "a"}}, "on_conflict": {conflict}}}"#);
        assert_refused(Verb::Insert, "users", &body, code, path, words);
    }
    // A unique index of some rows only is no target.
    let body = r#"{"data": [], "on_conflict": {"action": "ignore", "target": ["project_id"]}}"#;
    assert_refused(Verb::Insert, "tasks", body, query, "on_conflict.target", "[project_id, title]");
    let body = r#"{"data": [{}], "on_conflict": {"action": "ignore"}}"#;
    assert_refused(Verb::Insert, "excluded", body, query, "data[0]", "at least one column");
}

#[test]
fn a_write_gives_back_neither_aggregates_nor_searches() {
    let body = r#"{"where": {"id": {"eq": "x"}}, "returning": ["id", {"n": {"count": "*"}}]}"#;
    assert_refused(Verb::Delete, "tasks", body, Code::InvalidQuery, "returning[1].n", "takes columns");
}

/// A value in so many lists.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn whatever_is_deep_or_long_ends_early() {
    let (deep, query) = (Code::QueryTooDeep, Code::InvalidQuery);
    let mut relation = json!(["id"]);
    for level in 0..6 {
        relation = json!([{if level % 2 == 0 { "tasks" } else { "projects" }: relation}]);
    }
    let path = "select[0].projects[0].tasks[0].projects[0].tasks[0].projects[0].tasks";
    assert_refused(
        SELECT,
        "tasks",
        &json!({"select": relation}).to_string(),
        deep,
        path,
        "a query of their own",
    );
    assert!(select("projects", json!({"select": relation[0]["projects"]})).is_ok());

    let mut filter = json!({"id": {"eq": "x"}});
    for _ in 0..16 {
        filter = json!({"not": filter});
    }
    assert_eq!(refusal(select("users", json!({"where": filter}))).0, deep);
    assert!(select("users", json!({"where": filter["not"]})).is_ok());
    let nots = format!("{}{}{}", r#"{"not":"#.repeat(20), "null", "}".repeat(20));
    assert_eq!(refusal(compile(SELECT, "users", &format!(r#"{{"where": {{"id": {nots}}}}}"#))).0, deep);
    assert_refused(
        SELECT,
        "users",
        &format!(r#"{{"where": {}}}"#, nested(500_000)),
        deep,
        "where",
        "128 levels",
    );
    assert_refused(
        SELECT,
        "users",
        &format!(r#"{{"select": {}}}"#, nested(126)),
        query,
        "select[0]",
        "wanted",
    );

    let many = |count: usize, entry: Value| Value::Array(vec![entry; count]);
    let ids = |count: usize| many(count, json!("x"));
    assert!(select("users", json!({"where": {"id": {"in": ids(1_000)}}})).is_ok());
    assert_eq!(refusal(select("users", json!({"where": {"id": {"in": ids(1_001)}}}))).0, query);
    assert_eq!(
        refusal(select("users", json!({"where": many(11, json!({"id": {"in": ids(1_000)}}))}))).0,
        query
    );
    assert_eq!(refusal(select("users", json!({"where": many(501, json!({"id": {"eq": "x"}}))}))).0, query);
    assert_eq!(refusal(select("users", json!({"select": many(2_001, json!("id"))}))).0, query);
    assert_eq!(refusal(select("users", json!({"order": many(51, json!({"id": "asc"}))}))).0, query);
    let relations: Vec<Value> = (0..51).map(|n| json!({format!("r{n}"): {"from": "members"}})).collect();
    assert_eq!(refusal(select("users", json!({"select": relations}))).0, query);
    assert_eq!(refusal(select("users", json!({"select": [{"x".repeat(65): {"from": "members"}}]}))).0, query);
    let insert = json!({"data": many(1_001, json!({"email": "x"}))}).to_string();
    assert_refused(Verb::Insert, "users", &insert, query, "data", "several requests");
}

#[test]
fn patterns_are_bounded() {
    let like = |pattern: String| select("users", json!({"where": {"name": {"like": pattern}}}));
    assert!(like("%a".repeat(8)).is_ok() && like("a".repeat(128)).is_ok());
    assert_eq!(refusal(like("%a".repeat(9))).0, Code::InvalidQuery);
    assert_eq!(refusal(like("a".repeat(129))).0, Code::InvalidQuery);
    let patterns =
        |count| select("users", json!({"where": {"or": vec![json!({"name": {"like": "a%"}}); count]}}));
    assert!(patterns(10).is_ok());
    assert_eq!(refusal(patterns(11)).0, Code::InvalidQuery);
    assert_eq!(
        refusal(select("users", json!({"where": {"name": {"glob": "[a]".repeat(9)}}}))).0,
        Code::InvalidQuery
    );
}

#[test]
fn what_is_repeated_back_is_short() {
    let long = "x".repeat(100_000);
    for body in [
        json!({"select": [long]}),
        json!({long.clone(): 1}),
        json!({"where": {long.clone(): {"eq": 1}}}),
        json!({"where": {"id": {long.clone(): 1}}}),
        json!({"where": {"points": {"eq": long}}}),
        json!({"order": {long.clone(): "asc"}}),
        json!({"select": [{"x": {"from": long}}]}),
        json!(long),
    ] {
        let problem = select("tasks", body).unwrap_err();
        let said = format!("{problem} {:?} {:?}", problem.errors(), problem.hint_text());
        assert!(said.len() < 1_000, "{} bytes", said.len());
    }
}

#[test]
fn batches_that_do_not_fit() {
    let refused = |body: &str, path: &str, words: &str| {
        let raw = serde_json::from_str(body).unwrap();
        let problem = parse_batch(raw, &Limits::default()).unwrap_err();
        let at = problem.errors().first().map(|error| error.path.as_str()).unwrap_or_default();
        let said = format!("{} {}", problem.detail(), problem.hint_text().unwrap_or_default());
        assert_eq!((problem.code(), at), (Code::InvalidQuery, path), "{body}: {said}");
        assert!(said.contains(words), "{body}: {said}");
    };
    refused("[]", "", "An object with `operations`");
    refused("{}", "operations", "missing");
    refused(r#"{"operation": []}"#, "operation", "Did you mean `operations`?");
    refused(r#"{"operations": {}}"#, "operations", "A list");
    refused(r#"{"operations": []}"#, "operations", "1 to 1000");
    refused(r#"{"operations": [["select", "users", {}]]}"#, "operations[0]", "An object with `operation`");
    refused(r#"{"operations": [{"operation": "select"}]}"#, "operations[0].table", "wanted");
    refused(r#"{"operations": [{"table": "users"}]}"#, "operations[0].operation", "wanted");
    refused(
        r#"{"operations": [{"operation": "upsert", "table": "users"}]}"#,
        "operations[0].operation",
        "Did you mean `insert`?",
    );
    refused(
        r#"{"operations": [{"operation": "select", "table": "users", "bdy": {}}]}"#,
        "operations[0].bdy",
        "Did you mean `body`?",
    );
}
