//! Introspection, and the version that every answer tells.

use serde_json::json;

use crate::agency::{Agency, template};

#[tokio::test]
async fn the_tables_are_described_as_they_are() {
    let agency = Agency::start().await;
    let get = async |path: &str| {
        let request = agency.server.request(axum::http::Method::GET, path).header("database", "acme");
        request.send().await
    };
    let schema = get("/data/schema").await;
    assert_eq!(schema.headers["template-version"], "1");
    let schema = schema.json();
    assert_eq!((schema["template"].as_str(), schema["version"].as_u64()), (Some("agency"), Some(1)));
    let names: Vec<&str> =
        schema["tables"].as_array().unwrap().iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["users", "projects", "tasks", "members", "excluded"]);
    let tasks = get("/data/schema/tasks").await.json();
    assert_eq!(tasks, schema["tables"][2]);
    assert_eq!(
        tasks["columns"][5],
        json!({"name": "status", "type": "text", "not_null": true, "has_default": true, "generated": false, "enum": ["todo", "doing", "done"]})
    );
    assert_eq!(tasks["columns"][1]["references"], "projects.id");
    assert_eq!(
        tasks["relations"][0],
        json!({"name": "!project_id", "table": "projects", "kind": "one", "column": "project_id", "references": "id"})
    );
    let unknown = get("/data/schema/task").await;
    assert_eq!(
        (unknown.code().as_str(), unknown.json()["hint"].as_str()),
        ("TABLE_NOT_FOUND", Some("Did you mean `tasks`?"))
    );
    assert_eq!(unknown.headers["template-version"], "1");
}

#[tokio::test]
async fn every_relation_that_is_described_can_be_selected() {
    let agency = Agency::start().await;
    let request = agency.server.request(axum::http::Method::GET, "/data/schema").header("database", "acme");
    let schema = request.send().await.json();
    for table in schema["tables"].as_array().unwrap() {
        for relation in table["relations"].as_array().unwrap() {
            let body = json!({"select": [{relation["name"].as_str().unwrap(): ["*"]}]});
            agency.rows(table["name"].as_str().unwrap(), body).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_in_between_is_noticed_by_every_query() {
    let agency = Agency::start().await;
    let mut next = template();
    let mut columns = 4;
    for version in 2..8 {
        let added = json!({"name": format!("phone{version}"), "type": "text"});
        next["tables"][0]["columns"].as_array_mut().unwrap().push(added);
        // Selects run while the database moves: each answers one version whole.
        let asks = async {
            loop {
                let answer = agency.query("select", "users", json!({"where": {"id": {"eq": "u1"}}})).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                let found = answer.json()["data"][0].as_object().unwrap().len();
                let told: usize = answer.headers["template-version"].to_str().unwrap().parse().unwrap();
                assert_eq!(found, told + 3, "{answer:?}");
                if told == version {
                    return found;
                }
                // A read is answered without a pause; the push needs one.
                tokio::task::yield_now().await;
            }
        };
        let (job, found) = tokio::join!(agency.server.push(next.clone()), asks);
        assert_eq!(job["status"], "completed");
        assert_eq!(found, columns + 1);
        columns = found;
    }
    let answer = agency.query("select", "users", json!({"select": ["phone7"], "limit": 1})).await;
    assert_eq!(answer.json()["data"], json!([{"phone7": null}]));
    assert_eq!(answer.headers["template-version"], "7");
    let unknown = agency.query("select", "users", json!({"select": ["phnoe7"]})).await;
    assert_eq!(
        (unknown.code().as_str(), &unknown.headers["template-version"]),
        ("COLUMN_NOT_FOUND", &"7".parse().unwrap())
    );
}
