//! Each example of docs/guide/queries.md and of the pages below it, run in order on the rows of the first, answers what stands
//! below it. `…` stands for any text; as a cursor that is sent it is the last one that was answered.

use std::path::{Path, PathBuf};

use axum::http::Method;
use serde_json::{Map, Value, json};
use testkit::TestServer;

const FIRST_PAGE: &str = "docs/guide/queries.md";
const PAGES: &str = "docs/guide/queries";
const ANYTHING: &str = "…";

fn path_of(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn file(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

struct Example<'a> {
    request: &'a str,
    /// What follows it: an answer, or lines.
    answer: &'a str,
    lines: bool,
}

fn examples(page: &str) -> Vec<Example<'_>> {
    let requests = page.split("```http\n").skip(1).map(|rest| {
        let (request, rest) = rest.split_once("```\n").unwrap();
        let found = [("```json\n", false), ("```ndjson\n", true)]
            .into_iter()
            .find_map(|(fence, lines)| Some((rest.strip_prefix(fence)?.split_once("```")?.0, lines)));
        let (answer, lines) = found.unwrap_or_else(|| panic!("no answer follows\n{request}"));
        Example { request, answer, lines }
    });
    requests.collect()
}

/// Asks what a page asks; `cursor` is the last one that it was answered.
async fn ask(server: &TestServer, database: &str, request: &str, cursor: &str) -> String {
    let (head, body) = request.split_once("\n\n").unwrap_or((request.trim(), ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let mut asked = server.request(method.parse::<Method>().unwrap(), path).header("database", database);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        asked = asked.header(&name.to_lowercase(), value);
    }
    let body = body.replace(&format!("\"cursor\": \"{ANYTHING}\""), &format!("\"cursor\": \"{cursor}\""));
    let answer = asked.bytes(body.into_bytes()).send().await;
    String::from_utf8(answer.bytes).unwrap()
}

/// What the page shows of an answer: of a problem the members that matter there, of any text that may be any nothing.
fn as_shown(answer: Value, shown: &Value) -> Value {
    match (answer, shown) {
        (Value::String(_), Value::String(any)) if any == ANYTHING => shown.clone(),
        (Value::Object(members), Value::Object(wanted)) => {
            let is_problem = members.contains_key("code");
            let kept = members.into_iter().filter(|(name, _)| !is_problem || wanted.contains_key(name));
            let kept = kept.map(|(name, value)| {
                let shown = wanted.get(&name).unwrap_or(&Value::Null);
                (name.clone(), as_shown(value, shown))
            });
            kept.collect::<Map<_, _>>().into()
        }
        (Value::Array(list), Value::Array(wanted)) => {
            let shown = |index: usize| wanted.get(index).unwrap_or(&Value::Null);
            list.into_iter().enumerate().map(|(index, value)| as_shown(value, shown(index))).collect()
        }
        (answer, _) => answer,
    }
}

async fn check(server: &TestServer, database: &str, page: &str, text: &str) {
    let mut cursor = String::new();
    for Example { request, answer, lines } in examples(text) {
        let answered = ask(server, database, request, &cursor).await;
        if lines {
            assert_eq!(answered, answer, "{page}\n{request}");
            continue;
        }
        let expected: Value =
            serde_json::from_str(answer).unwrap_or_else(|error| panic!("{page}: {error}\n{answer}"));
        let answered: Value = serde_json::from_str(&answered).unwrap();
        if let Some(next) = answered["next"].as_str() {
            next.clone_into(&mut cursor);
        }
        let answered = as_shown(answered, &expected);
        assert_eq!(answered, expected, "\n{page}\n{request}\n{answered:#}");
    }
}

#[tokio::test]
async fn every_example_answers_what_the_page_says() {
    let server = TestServer::start().await;
    // e2e/guide.test.ts sees to it that this is the schema that the page shows.
    server.push(serde_json::from_str(include_str!("../fixtures/studio.json")).unwrap()).await;
    let first = file(&path_of(FIRST_PAGE));
    let rows = examples(&first)[0].request;
    let mut pages: Vec<PathBuf> =
        std::fs::read_dir(path_of(PAGES)).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() > 8, "{pages:?}");
    server.create_database("first", "studio").await;
    check(&server, "first", FIRST_PAGE, &first).await;
    for (index, path) in pages.iter().enumerate() {
        let database = format!("page-{index}");
        server.create_database(&database, "studio").await;
        let filled: Value = serde_json::from_str(&ask(&server, &database, rows, "").await).unwrap();
        assert_eq!(filled["results"][0], json!({"rows_affected": 3}), "{filled}");
        check(&server, &database, &path.display().to_string(), &file(path)).await;
    }
}
