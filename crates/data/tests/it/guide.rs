//! Each example of docs/guide/queries.md, run in order on the example's own rows, answers what stands below it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use testkit::TestServer;

fn file(path: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The requests of the page, each with the answer that follows it.
fn examples(page: &str) -> Vec<(&str, Value)> {
    let requests = page.split("```http\n").skip(1).map(|rest| {
        let (request, rest) = rest.split_once("```\n").unwrap();
        let answer = rest.strip_prefix("```json\n").unwrap_or_else(|| panic!("no answer follows\n{request}"));
        let answer = answer.split_once("```").unwrap().0;
        (request, serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}\n{answer}")))
    });
    requests.collect()
}

/// Of a problem the page shows the members that matter there.
fn without_what_is_not_shown(answer: Value, shown: &Value) -> Value {
    match answer {
        Value::Object(members) if members.contains_key("code") => {
            members.into_iter().filter(|(name, _)| shown.get(name).is_some()).collect::<Map<_, _>>().into()
        }
        answer => answer,
    }
}

#[tokio::test]
async fn every_example_answers_what_the_page_says() {
    let server = TestServer::start().await;
    server.push(serde_json::from_str(&file("crates/schema/fixtures/valid/saas-app.json")).unwrap()).await;
    server.create_database("acme-co", "saas-app").await;
    let seed: Value = serde_json::from_str(&file("examples/saas-app/seed.json")).unwrap();
    for (table, rows) in seed["databases"]["acme-co"].as_object().unwrap() {
        let inserted = server.query("acme-co", table, "operation=insert", json!({ "data": rows })).await;
        assert_eq!(inserted.status, 200, "{inserted:?}");
    }
    let page = file("docs/guide/queries.md");
    let examples = examples(&page);
    assert!(examples.len() > 12);
    for (request, expected) in examples {
        let (head, body) = request.split_once("\n\n").unwrap_or((request.trim(), ""));
        let mut lines = head.lines();
        let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
        let mut asked = server.request(method.parse().unwrap(), path).header("database", "acme-co");
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            asked = asked.header(&name.to_lowercase(), value);
        }
        let answer = asked.bytes(body.as_bytes().to_vec()).send().await;
        let answered = without_what_is_not_shown(answer.json(), &expected);
        assert_eq!(answered, expected, "\n{request}\n{answered:#}");
    }
}
