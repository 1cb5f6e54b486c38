//! `POST /platform/templates`.

use axum::http::{Method, StatusCode};
use futures_util::future::join_all;
use serde_json::json;
use testkit::TestServer;

use crate::{notes, start};

#[tokio::test]
async fn a_template_is_created_with_its_first_version_and_ready_for_databases() {
    let server = TestServer::start().await;
    let created = server.post("/platform/templates", json!({"template": notes(&["title"])})).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let body = created.json();
    assert_eq!(
        (&body["name"], &body["version"], &body["databases"]),
        (&json!("notes"), &json!(1), &json!(0))
    );
    assert_eq!(body["changes"][0]["summary"], "+ table notes (2 columns)");
    let job = server.get(&format!("/platform/jobs/{}", body["job_id"].as_str().unwrap())).await.json();
    assert_eq!(job["status"], "completed");
    server.create_database("acme", "notes").await;
}

#[tokio::test]
async fn a_name_is_a_template_once() {
    let server = TestServer::start().await;
    let (first, second) = (notes(&["a"]), notes(&["b"]));
    let posts = (0..50).map(|number| {
        let template = if number % 2 == 0 { &first } else { &second };
        server.post("/platform/templates", json!({"template": template}))
    });
    let answers = join_all(posts).await;
    let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(created, 1);
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        assert_eq!(answer.code(), "ALREADY_EXISTS");
    }
    assert_eq!(
        server.get("/platform/templates/notes/history").await.json()["data"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn what_is_no_template_is_refused_with_its_paths() {
    let server = TestServer::start().await;
    let mut wrong_type = notes(&["title"]);
    wrong_type["tables"][0]["columns"][1]["type"] = json!("txt");
    let mut no_such_column = notes(&["title"]);
    no_such_column["tables"][0]["columns"][1]["check"] = json!("length(titel) < 9");
    let mut no_such_function = notes(&["title"]);
    no_such_function["tables"][0]["columns"][1]["default"] = json!({"sql": "no_such_function()"});
    let mut breaks_out = notes(&["title"]);
    breaks_out["tables"][0]["columns"][1]["default"] = json!({"sql": "1); DROP TABLE notes; --"});
    let mut subselect = notes(&["title"]);
    subselect["tables"][0]["columns"][1]["check"] = json!("title IN (SELECT 1)");
    let mut time_in_check = notes(&["title"]);
    time_in_check["tables"][0]["checks"] = json!(["length(title) < 9", "title < unixepoch()"]);
    let mut time_in_column = notes(&["title", "made"]);
    time_in_column["tables"][0]["columns"][2]["generated"] = json!({"sql": "datetime('now')"});
    let mut time_in_index = notes(&["title"]);
    time_in_index["tables"][0]["indexes"] =
        json!([{"name": "late", "columns": ["title"], "where": "title > date('now')"}]);
    for (template, path) in [
        (wrong_type, "tables[0].columns[1].type"),
        (no_such_column, "tables[0].columns[1].check"),
        (no_such_function, "tables[0].columns[1].default.sql"),
        (breaks_out, "tables[0].columns[1].default.sql"),
        (subselect, "tables[0].columns[1].check"),
        (time_in_check, "tables[0].checks[1]"),
        (time_in_column, "tables[0].columns[2].generated.sql"),
        (time_in_index, "tables[0].indexes[0].where"),
        (json!({"format": 1, "name": "Notes", "tables": []}), "name"),
        (json!({"format": 1, "name": "db_x", "tables": []}), "name"),
        (json!({"format": 2, "name": "notes", "tables": []}), "format"),
    ] {
        let refused = server.post("/platform/templates", json!({"template": template})).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{template}");
        assert_eq!(refused.code(), "INVALID_TEMPLATE");
        let paths: Vec<_> =
            refused.json()["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
        assert!(paths.contains(&json!(path)), "{template}: {paths:?}");
    }
    assert_eq!(server.get("/platform/templates").await.json(), json!({"data": []}));
}

#[tokio::test]
async fn a_key_that_stands_twice_is_refused_and_not_chosen_from() {
    let server = start(&[]).await;
    let text = json!({"template": notes(&["title", "more"])}).to_string();
    let twice = text.replace(r#""type":"text""#, r#""type":"text","not_null":true,"type":"integer""#);
    assert_ne!(text, twice);
    for path in ["", "/notes/push", "/notes/diff"] {
        let request = server.request(Method::POST, format!("/platform/templates{path}"));
        let refused = request.bytes(twice.clone().into_bytes()).send().await;
        assert_eq!(refused.code(), "INVALID_TEMPLATE", "{path}");
        let fault = &refused.json()["errors"][0];
        assert_eq!(fault["path"], "tables[0].columns[1].type");
        assert_eq!(fault["message"], "stands more than once in its object");
    }
    assert_eq!(server.get("/platform/templates/notes").await.json()["latest_version"], 1);
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused() {
    let server = TestServer::start().await;
    for body in [json!({}), json!([]), json!({"template": notes(&[]), "renames": []}), json!(null)] {
        assert_eq!(server.post("/platform/templates", body).await.code(), "INVALID_QUERY");
    }
    for template in [json!(null), json!([]), json!("x"), json!({})] {
        let refused = server.post("/platform/templates", json!({"template": template})).await;
        assert_eq!(refused.code(), "INVALID_TEMPLATE", "{template}");
    }
}

#[tokio::test]
async fn a_tokenizer_that_sqlite_does_not_have_is_named_by_its_path() {
    let server = TestServer::start().await;
    let mut searched = notes(&["title"]);
    for (tokenize, says) in [
        ("nosuch", "no such tokenizer: nosuch"),
        ("porter nosuch", "tokenizer"),
        ("unicode61 remove_diacritics 9", "tokenizer"),
        ("unicode61 'open", "tokenize"),
        ("', content='sqlite_schema", "tokenize"),
        (" ", "tokenize"),
    ] {
        searched["tables"][0]["fts"] = json!({"columns": ["title"], "tokenize": tokenize});
        let refused = server.post("/platform/templates", json!({"template": searched})).await;
        assert_eq!(refused.code(), "INVALID_TEMPLATE", "{tokenize}");
        let errors = &refused.json()["errors"];
        assert_eq!(errors[0]["path"], "tables[0].fts.tokenize");
        assert!(errors[0]["message"].as_str().unwrap().contains(says), "{errors}");
    }
    searched["tables"][0]["fts"]["tokenize"] = json!("porter unicode61 tokenchars '-_'");
    let created = server.post("/platform/templates", json!({"template": searched})).await;
    assert_eq!(created.status, StatusCode::CREATED);
    server.create_database("acme", "notes").await;
}

#[tokio::test]
async fn an_existing_template_says_how_to_push_to_it() {
    let server = start(&[]).await;
    let refused = server.post("/platform/templates", json!({"template": notes(&["title"])})).await;
    assert_eq!(refused.code(), "ALREADY_EXISTS");
    assert!(refused.json()["hint"].as_str().unwrap().contains("/platform/templates/notes/push"));
}
