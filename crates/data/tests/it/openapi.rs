//! What OpenAPI says of the data API holds together: whatever is referred to is there, and every answer is said.

use axum::http::Method;
use serde_json::Value;
use testkit::TestServer;

async fn document() -> Value {
    let server = TestServer::start().await;
    server.request(Method::GET, "/openapi.json").send().await.json()
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(target) if name == "$ref" => found.push(target),
                    value => references(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document().await;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.contains(&"#/components/schemas/Condition"), "{found:?}");
    for target in found {
        let path = target.strip_prefix('#').unwrap();
        assert!(document.pointer(path).is_some(), "{target}");
    }
}

#[tokio::test]
async fn queries_say_their_bodies_and_all_their_answers() {
    let document = document().await;
    let query = &document["paths"]["/data/query/{table}"]["post"];
    assert_eq!(query["requestBody"]["required"], false);
    let answers = query["responses"].as_object().unwrap();
    let mut statuses: Vec<&str> = answers.keys().map(String::as_str).collect();
    statuses.sort_unstable();
    let expected = [
        "200", "400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "500", "503", "504",
        "507",
    ];
    assert_eq!(statuses, expected);
    let success = answers["200"]["content"].as_object().unwrap();
    assert_eq!(success.keys().collect::<Vec<_>>(), ["application/json", "application/x-ndjson"]);
    let batch = &document["paths"]["/data/batch"]["post"]["requestBody"];
    assert_eq!(batch["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/Batch");
}
