//! Hidden columns: what names one hears what it would hear of a column that does not exist, and nothing else depends on its values.

use axum::http::Method;
use serde_json::{Value, json};

use super::newsroom::{ADA, Newsroom, read};
use super::observations::{OF_COLUMNS, OF_ROWS};

/// Each hidden column, and one of nearly its name that is not there.
const HIDDEN: [(&str, &str); 3] =
    [("salary", "salarx"), ("whisper", "whispex"), ("reviewer_id", "reviewer_ix")];

#[tokio::test]
async fn a_hidden_column_does_not_exist() {
    let newsroom = Newsroom::start().await;
    let before = newsroom.everything("with").await;
    for (hidden, missing) in HIDDEN {
        for (what, prefer, table, text) in OF_COLUMNS {
            let ask = async |column: &str| {
                let body: Value = serde_json::from_str(&text.replace('§', column)).unwrap();
                read(&newsroom.ask(Some(ADA), "with", prefer, table, &body).await)
            };
            let (status, found) = ask(hidden).await;
            let (_, wanted) = ask(missing).await;
            let wanted: Value = serde_json::from_str(&wanted.to_string().replace(missing, hidden)).unwrap();
            assert_eq!(found, wanted, "{what} {hidden}");
            assert!((400..405).contains(&status), "{what} {hidden}: {found}");
            let code = found["code"].as_str().unwrap();
            let not_found = ["COLUMN_NOT_FOUND", "RELATION_NOT_FOUND"].contains(&code);
            assert!(
                not_found || what.starts_with("FTS5") || what.starts_with("having"),
                "{what} {hidden}: {found}"
            );
        }
    }
    assert_eq!(newsroom.everything("with").await, before);
}

#[tokio::test]
async fn a_hidden_column_is_not_referred_to_in_a_batch() {
    let newsroom = Newsroom::start().await;
    let batch = async |column: &str| {
        let operations = json!([
            {"operation": "select", "table": "stories", "body": {"where": {"id": {"eq": 1}}}},
            {"operation": "update", "table": "stories", "body": {
                "data": {"points": {"$ref": format!("0.{column}")}}, "where": {"id": {"eq": 1}}, "returning": ["points"]}},
        ]);
        read(&newsroom.batch(ADA, "with", &operations).await)
    };
    assert_eq!(batch("id").await.0, 200);
    let (_, found) = batch("salary").await;
    assert_eq!(found["code"], "COLUMN_NOT_FOUND", "{found}");
    assert_eq!(found.to_string(), batch("salarx").await.1.to_string().replace("salarx", "salary"));
}

#[tokio::test]
async fn nothing_is_said_or_found_by_the_values_of_a_hidden_column() {
    let newsroom = Newsroom::start().await;
    let by_whisper = ["confidential", "zebra", "apple apple"];
    let searches = by_whisper.map(|words| {
        ("search", "", "stories", json!({"select": ["id"], "where": {"__fts": {"fts": words}}}))
    });
    let by_grammar =
        ["conf*", "apple NOT confidential", "apple NOT zebra", "NEAR(apple confidential)", "^ confidential"];
    let grammar = by_grammar.map(|words| {
        ("grammar", "", "stories", json!({"select": ["id"], "where": {"__fts": {"match": words}}}))
    });
    let observations = OF_ROWS
        .iter()
        .map(|(what, prefer, table, text)| (*what, *prefer, *table, serde_json::from_str(text).unwrap()));
    for (what, prefer, table, body) in observations.chain(searches).chain(grammar) {
        let ask = async |who, database| read(&newsroom.ask(who, database, prefer, table, &body).await);
        assert_eq!(ask(Some(ADA), "with").await, ask(Some(ADA), "other").await, "{what} {body}");
        let seen = ask(Some("role=viewer"), "with").await;
        assert_eq!(seen, ask(Some("role=viewer"), "other").await, "{what} {body}");
        let text = seen.1.to_string();
        assert!(!text.contains("salary") && !text.contains("confidential"), "{what}: {text}");
    }
    for operation in [
        ("insert", json!({"data": {"id": 90, "title": "t", "owner": "ada"}, "returning": ["*"]})),
        (
            "insert",
            json!({"data": {"id": 1, "title": "t", "owner": "ada"}, "on_conflict": {"action": "replace"}, "returning": ["*"]}),
        ),
        ("update", json!({"data": {"points": 0}, "where": {"id": {"eq": 1}}, "returning": "*"})),
        ("delete", json!({"where": {"id": {"eq": 2}}, "returning": ["*"]})),
    ] {
        let (prefer, body) = (format!("operation={}", operation.0), operation.1);
        let ask = async |database| read(&newsroom.ask(Some(ADA), database, &prefer, "stories", &body).await);
        let found = ask("with").await;
        assert_eq!(found, ask("other").await, "{body}");
        assert!(found.0 == 200 && !found.1.to_string().contains("salary"), "{found:?}");
    }
    // What is replaced keeps what the role could not have written.
    let kept = json!({"select": ["salary", "whisper"], "where": {"id": {"eq": 1}}});
    assert_eq!(
        newsroom.ask(None, "with", "", "stories", &kept).await.json()["data"],
        json!([{"salary": 100, "whisper": "confidential"}])
    );
}

#[tokio::test]
async fn introspection_shows_what_the_caller_may_see() {
    let newsroom = Newsroom::start().await;
    let schema = async |who: &str, path: &str| {
        let request = newsroom.server.request(Method::GET, path).header("database", "with");
        request.header("act-as", who).send().await
    };
    let text = String::from_utf8(schema(ADA, "/data/schema").await.bytes).unwrap();
    for hidden in ["salary", "whisper", "reviewer", "audits"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let names = |schema: &Value| -> Vec<String> {
        schema["tables"]
            .as_array()
            .unwrap()
            .iter()
            .map(|table| table["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(names(&found), ["desks", "stories", "tags", "story_tags"]);
    assert_eq!(schema(ADA, "/data/schema/audits").await.code(), "FORBIDDEN");
    let stories = String::from_utf8(schema(ADA, "/data/schema/stories").await.bytes).unwrap();
    assert!(stories.contains("points") && !stories.contains("salary"), "{stories}");
    // The relations of the desks do not show by which columns stories refer to them unseen.
    let desks = schema(ADA, "/data/schema/desks").await.json();
    let relations: Vec<&str> = desks["relations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|relation| relation["name"].as_str().unwrap())
        .collect();
    assert_eq!(relations, ["stories!desk_id"]);
    let all = String::from_utf8(schema("role=admin", "/data/schema").await.bytes).unwrap();
    assert!(all.contains("salary") && all.contains("audits"), "{all}");
}

#[tokio::test]
async fn a_rule_of_the_schema_that_fails_names_no_hidden_column() {
    let newsroom = Newsroom::start().await;
    let template = json!({"format": 1, "name": "payroll", "tables": [{
        "name": "staff", "primary_key": ["id"], "unique": [["name", "slot"]], "checks": ["points <= salary"],
        "columns": [
            {"name": "id", "type": "integer"},
            {"name": "name", "type": "text"},
            {"name": "points", "type": "integer"},
            {"name": "salary", "type": "integer", "default": {"value": 5}},
            {"name": "slot", "type": "integer", "default": {"value": 0}},
            {"name": "grade", "type": "integer", "not_null": true},
        ],
    }], "policies": {"staff": {"member": {"select": true, "insert": true, "update": true, "hidden": ["salary", "slot", "grade"]}}}});
    newsroom.server.push(template).await;
    newsroom.server.create_database("payroll", "payroll").await;
    let row = json!({"data": {"id": 1, "name": "ada", "points": 1, "grade": 1}});
    assert_eq!(newsroom.ask(None, "payroll", "operation=insert", "staff", &row).await.status, 200);
    let row = json!({"data": {"id": 2, "name": "bob", "points": 1, "grade": 1}});
    assert_eq!(newsroom.ask(None, "payroll", "operation=insert", "staff", &row).await.status, 200);
    for (operation, body, code) in [
        ("insert", json!({"data": {"id": 3, "name": "eve"}}), "NOT_NULL_VIOLATION"),
        ("update", json!({"data": {"points": 99}, "where": {"id": {"eq": 1}}}), "CHECK_VIOLATION"),
    ] {
        let answer =
            newsroom.ask(Some(ADA), "payroll", &format!("operation={operation}"), "staff", &body).await;
        assert_eq!(answer.code(), code);
        let text = answer.json().to_string();
        assert!(!["salary", "slot", "grade"].iter().any(|hidden| text.contains(hidden)), "{text}");
    }
}
