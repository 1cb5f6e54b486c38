//! `Accept: application/x-ndjson`: whole tables and queries, page by page.

use axum::http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use testkit::{Answer, Request};

use crate::agency::{Agency, template};

const LINES: &str = "application/x-ndjson";

fn export<'s>(agency: &'s Agency, table: &str, body: Value) -> Request<'s> {
    let request = agency.server.request(Method::POST, format!("/data/query/{table}"));
    request.header("database", "acme").header("accept", LINES).json(body)
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()), (200, LINES));
    let text = std::str::from_utf8(&answer.bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Users `u00000@…` with names as long as this.
async fn many_users(agency: &Agency, count: usize, name_bytes: usize) {
    let names: Vec<String> = (0..count).map(|number| format!("u{number:05}@x.test")).collect();
    for part in names.chunks((500_000 / (name_bytes + 100)).clamp(1, 1_000)) {
        let rows: Vec<Value> =
            part.iter().map(|email| json!({"email": email, "name": "n".repeat(name_bytes)})).collect();
        agency.answer("insert", "users", json!({"data": rows})).await;
    }
}

#[tokio::test]
async fn every_row_once_whatever_the_page_holds() {
    let agency = Agency::start().await;
    many_users(&agency, 3_000, 10).await;
    let body =
        json!({"select": ["email"], "where": {"email": {"like": "u%@x.test"}}, "order": {"name": "asc"}});
    let exported = lines(&export(&agency, "users", body.clone()).send().await);
    let mut emails: Vec<&str> = exported.iter().map(|row| row["email"].as_str().unwrap()).collect();
    emails.sort_unstable();
    emails.dedup();
    assert_eq!((exported.len(), emails.len()), (3_000, 3_000));
    for limit in [0, 1, 499, 500, 501, 1_700, 5_000] {
        let mut body = body.clone();
        body["limit"] = json!(limit);
        let found = lines(&export(&agency, "users", body).send().await);
        assert_eq!(found, exported[..limit.min(3_000)], "{limit}");
    }
}

#[tokio::test]
async fn rows_have_their_relations_and_are_those_of_a_select() {
    let agency = Agency::start().await;
    let body =
        json!({"select": ["name", {"tasks": ["title"]}, {"users": ["name"]}], "order": [{"budget": "desc"}]});
    let rows = agency.rows("projects", body.clone()).await;
    assert_eq!(Value::from(lines(&export(&agency, "projects", body).send().await)), rows);
    let nothing = json!({"where": {"id": {"eq": -1}}});
    assert_eq!(lines(&export(&agency, "projects", nothing).send().await), Vec::<Value>::new());
}

#[tokio::test]
async fn a_page_shrinks_until_its_rows_fit() {
    let agency = Agency::start().await;
    // More than a page may hold, at the rows of a first page.
    many_users(&agency, 60, 100_000).await;
    let body = json!({"where": {"email": {"like": "u%@x.test"}}});
    assert_eq!(lines(&export(&agency, "users", body).send().await).len(), 60);
}

#[tokio::test]
async fn what_is_wrong_is_said_before_the_first_row() {
    let agency = Agency::start().await;
    for (body, code) in [
        (json!({"select": ["nmae"]}), "COLUMN_NOT_FOUND"),
        (json!({"select": [{"n": {"count": "*"}}]}), "INVALID_QUERY"),
        (json!({"offset": 5}), "INVALID_QUERY"),
        (json!({"cursor": "x"}), "INVALID_QUERY"),
        (json!({"distinct": true}), "INVALID_QUERY"),
    ] {
        assert_eq!(export(&agency, "users", body.clone()).send().await.code(), code, "{body}");
    }
    for prefer in ["operation=delete", "count=exact"] {
        let answer = export(&agency, "users", json!({})).header("prefer", prefer).send().await;
        assert_eq!(answer.code(), "INVALID_QUERY", "{prefer}");
    }
    let answer = export(&agency, "users", json!({})).header("act-as", "role=owner").send().await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn a_push_in_between_cuts_an_export_short() {
    let agency = Agency::start().await;
    many_users(&agency, 3_000, 1_000).await;
    let mut body = export(&agency, "users", json!({})).open().await.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    let mut next = template();
    next["tables"][0]["columns"].as_array_mut().unwrap().push(json!({"name": "phone", "type": "text"}));
    agency.server.push(next).await;
    let mut ended = None;
    while let Some(frame) = body.frame().await {
        ended = Some(frame.is_ok());
    }
    assert_eq!(ended, Some(false), "a body without its end");
}
