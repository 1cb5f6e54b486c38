//! Selecting rows.

use atomicbase_core::Limits;
use axum::http::Method;
use serde_json::{Value, json};
use testkit::TestServer;

use crate::agency::Agency;

#[tokio::test]
async fn everything_about_a_row_comes_back_as_it_is() {
    let agency = Agency::start().await;
    let rows = agency.rows("projects", json!({"where": {"id": {"eq": 1}}})).await;
    assert_eq!(
        rows.to_string(),
        json!([{"id": 1, "name": "Website", "owner_id": "u1", "budget": 1.5, "active": true,
            "meta": {"tags": ["web"]}, "photo": "AP8=", "created_at": 1_700_000_000, "label": "1 Website"}])
        .to_string()
    );
}

#[tokio::test]
async fn a_select_may_have_no_body_at_all() {
    let agency = Agency::start().await;
    let request = agency.server.request(Method::POST, "/data/query/members").header("database", "acme");
    let answer = request.send().await;
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn rows_come_in_pages_in_order_with_their_count() {
    let agency = Agency::start().await;
    let body = json!({"select": ["name"], "order": [{"name": "desc"}], "limit": 1, "offset": 1});
    let answer = agency.server.query("acme", "users", "count=exact", body).await.json();
    assert_eq!(answer, json!({"data": [{"name": "Ada"}], "count": 3}));
    let nothing = json!({"limit": 0, "offset": i64::MAX});
    assert_eq!(agency.answer("select", "users", nothing).await, json!({"data": []}));
    // NULL is less than anything.
    let names = agency.rows("users", json!({"select": "name", "order": {"name": "asc"}})).await;
    assert_eq!(names, json!([{"name": null}, {"name": "Ada"}, {"name": "Linus"}]));
}

#[tokio::test]
async fn relations_nest_both_ways() {
    let agency = Agency::start().await;
    let body = json!({"select": ["title", {"projects": ["name", {"members": ["role", {"users": ["name"]}]}]}, {"by": {"from": "!author", "select": ["email"]}}],
        "where": {"project_id": {"gte": 1}}, "limit": 2, "order": {"id": "desc"}});
    let members =
        json!([{"role": "owner", "users": {"name": "Ada"}}, {"role": null, "users": {"name": null}}]);
    assert_eq!(
        agency.rows("tasks", body).await,
        json!([
            {"title": "Draw the first screen", "projects": {"name": "App", "members": []}, "by": null},
            {"title": "Choose the photos", "projects": {"name": "Website", "members": members}, "by": {"email": "grace@example.com"}},
        ])
    );
    // The key ignores case, whichever way it is followed.
    let by_email =
        json!({"select": [{"tasks!author": ["id"]}], "where": {"email": {"eq": "ADA@EXAMPLE.COM"}}});
    assert_eq!(agency.rows("users", by_email).await, json!([{"tasks!author": [{"id": "t1"}]}]));
}

#[tokio::test]
async fn big_integers_come_as_strings_when_asked() {
    let agency = Agency::start().await;
    let row = json!({"select": 9_007_199_254_740_993_i64, "t": "big"});
    let body = json!({"data": row, "returning": ["select"]});
    let prefer = "operation=insert, bigint=string";
    let answer = agency.server.query("acme", "excluded", prefer, body).await;
    let big = "9007199254740993";
    assert_eq!(answer.json(), json!({"data": [{"select": big}], "rows_affected": 1, "last_insert_id": big}));
    let found = json!({"where": {"select": {"eq": big}}, "select": "select"});
    let text = agency.query("select", "excluded", found).await.bytes;
    assert_eq!(String::from_utf8(text).unwrap(), format!("{{\"data\":[{{\"select\":{big}}}]}}"));
}

#[tokio::test]
async fn each_refusal_has_its_code_path_and_hint() {
    let agency = Agency::start().await;
    for (table, body, status, code, path, hint) in [
        ("task", json!({}), 404, "TABLE_NOT_FOUND", None, "Did you mean `tasks`?"),
        (
            "tasks",
            json!({"select": ["titel"]}),
            400,
            "COLUMN_NOT_FOUND",
            Some("select[0]"),
            "Did you mean `title`?",
        ),
        (
            "tasks",
            json!({"select": [{"project": ["id"]}]}),
            400,
            "RELATION_NOT_FOUND",
            Some("select[0].project"),
            "Did you mean `projects`?",
        ),
        (
            "tasks",
            json!({"select": [{"users": ["id"]}]}),
            400,
            "AMBIGUOUS_RELATION",
            Some("select[0].users"),
            "Write `!author` or `!reviewer_id`.",
        ),
        (
            "tasks",
            json!({"where": [{"id": {"equals": 1}}]}),
            400,
            "INVALID_OPERATOR",
            Some("where[0].id.equals"),
            "The operators are eq, neq, gt, gte, lt, lte, like, glob, in, between, is, not, fts, match.",
        ),
        (
            "tasks",
            json!({"where": [{"title": {"eq": null}}]}),
            400,
            "TYPE_MISMATCH",
            Some("where[0].title.eq"),
            "Write {\"is\": null} or {\"not\": null}.",
        ),
        (
            "tasks",
            json!({"limit": 1_001}),
            400,
            "INVALID_QUERY",
            Some("limit"),
            "Ask for the rows in pages: send the `next` of an answer as `cursor`.",
        ),
        ("tasks", json!({"selct": []}), 400, "INVALID_QUERY", Some("selct"), "Did you mean `select`?"),
    ] {
        let problem = agency.refused("select", table, body).await;
        assert_eq!(
            (problem["status"].as_u64(), problem["code"].as_str()),
            (Some(status), Some(code)),
            "{problem}"
        );
        assert_eq!(problem["errors"][0]["path"].as_str(), path, "{problem}");
        assert_eq!(problem["hint"], hint, "{problem}");
    }
    let answer = agency.server.query("acme", "tasks", "operation=upsert", json!({})).await;
    assert_eq!(
        (answer.code().as_str(), answer.json()["hint"].as_str()),
        ("INVALID_QUERY", Some("Did you mean `insert`?"))
    );
}

#[tokio::test]
async fn no_string_of_a_request_becomes_sql() {
    let agency = Agency::start().await;
    let before = agency.everything().await;
    for evil in [
        "'; DROP TABLE users; --",
        "\" OR 1=1 --",
        "1); DELETE FROM users; --",
        "users\0",
        "\\",
        "%00",
        "`",
        "[x]",
    ] {
        for body in [
            json!({"select": [evil]}),
            json!({"select": [{evil: ["id"]}]}),
            json!({"select": [{"x": {"from": evil}}]}),
            json!({"where": {evil: {"eq": 1}}}),
            json!({"where": {"id": {evil: 1}}}),
            json!({"order": {evil: "asc"}}),
            json!({"order": {"id": evil}}),
            json!({"limit": evil}),
            json!({evil: 1}),
        ] {
            agency.refused("select", "users", body).await;
        }
        let path: String = evil.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let request = agency.server.request(Method::POST, format!("/data/query/{path}"));
        assert_eq!(request.header("database", "acme").json(json!({})).send().await.code(), "TABLE_NOT_FOUND");
        if evil.contains('\0') {
            continue;
        }
        // As a value it is a value, and as a label a label.
        assert_eq!(agency.rows("users", json!({"where": {"name": {"eq": evil}}})).await, json!([]));
        let labelled = json!({"select": [{evil: {"from": "!boss_id", "select": ["id"]}}], "where": {"id": {"eq": "u2"}}});
        assert_eq!(agency.rows("users", labelled).await, json!([{evil: {"id": "u1"}}]));
    }
    assert_eq!(agency.everything().await, before);
}

#[tokio::test]
async fn bodies_that_are_no_query_are_refused() {
    let agency = Agency::start().await;
    for (body, code) in [
        (&b"{"[..], "INVALID_QUERY"),
        (b"{\"select\":[\"\xff\"]}", "INVALID_QUERY"),
        (b"\xef\xbb\xbf{}", "INVALID_QUERY"),
        (b"{} {}", "INVALID_QUERY"),
        (b"null", "INVALID_QUERY"),
        (b"[]", "INVALID_QUERY"),
        (b"\"{}\"", "INVALID_QUERY"),
        (b"{\"select\":[\"\\ud800\"]}", "INVALID_QUERY"),
    ] {
        let request = agency.server.request(Method::POST, "/data/query/users").header("database", "acme");
        let answer = request.bytes(body.to_vec()).send().await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{answer:?}");
        assert_eq!(answer.headers["template-version"], "1");
    }
    let deep = format!("{{\"where\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let request = agency.server.request(Method::POST, "/data/query/users").header("database", "acme");
    assert_eq!(request.bytes(deep.into_bytes()).send().await.code(), "QUERY_TOO_DEEP");
    let request = agency.server.request(Method::POST, "/data/query/users").header("database", "acme");
    let huge = request.json(json!({"select": ["x".repeat(10_000_000)]})).send().await;
    assert_eq!((huge.status.as_u16(), huge.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(huge.headers["template-version"], "1");
    let request = agency.server.request(Method::POST, "/data/query/users").header("database", "acme");
    let form = request.bytes(b"a=b".to_vec()).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.send().await.code(), "UNSUPPORTED_MEDIA_TYPE");
}

#[tokio::test]
async fn an_answer_that_grows_without_end_is_refused() {
    let limits = Limits { answer_bytes: 100_000, ..Limits::default() };
    let agency = Agency::fill(TestServer::start_with(limits).await).await;
    let tasks: Vec<Value> = (0..100)
        .map(|n| json!({"id": format!("n{n}"), "project_id": 2, "title": format!("task {n}")}))
        .collect();
    agency.answer("insert", "tasks", json!({"data": tasks})).await;
    // A hundred tasks, each with its project, each with a hundred tasks …: few rows are read and a million written.
    let tasks = json!([{"tasks": [{"projects": [{"tasks": [{"projects": [{"tasks": ["title"]}]}]}]}]}]);
    let body = json!({"select": tasks, "where": {"id": {"eq": 2}}});
    let problem = agency.refused("select", "projects", body).await;
    assert_eq!(problem["code"], "ANSWER_TOO_LARGE");
    assert!(problem["hint"].as_str().unwrap().contains("Select fewer columns"));
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_stopped() {
    let agency = Agency::start().await;
    let tasks: Vec<Value> = (0..1_000)
        .map(|n| json!({"id": format!("n{n}"), "project_id": 2, "title": format!("task {n}")}))
        .collect();
    agency.answer("insert", "tasks", json!({"data": tasks})).await;
    let folder = agency.server.stop().await;
    // No time at all: the first look at the clock, a thousand steps into the query, ends it.
    let limits = Limits { request_timeout: std::time::Duration::ZERO, ..Limits::default() };
    let server = TestServer::start_in(folder, limits, 10).await;
    let answer = server.query("acme", "tasks", "", json!({"where": {"title": {"like": "%x%"}}})).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (504, "QUERY_TIMEOUT"));
    assert!(answer.json()["hint"].as_str().unwrap().contains("add an index"));
    let write = json!({"data": {"points": 1}, "where": {"title": {"like": "%x%"}}});
    let answer = server.query("acme", "tasks", "operation=update", write).await;
    assert_eq!(answer.code(), "QUERY_TIMEOUT");
}
