//! More than there is time for: what waits is answered at its deadline, what may not wait is told when to come back, long answers
//! are whole.

use std::time::Duration;

use atomicbase_core::Limits;
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, TestServer};

use crate::agency::Agency;

/// A server with these limits and a database whose [`slow`] query takes some ten milliseconds.
async fn start(limits: Limits) -> Agency {
    let agency = Agency::start().await;
    let task = |n| json!({"id": format!("n{n}"), "project_id": 2, "title": format!("task {n}")});
    agency.answer("insert", "tasks", json!({"data": (0..500).map(task).collect::<Vec<_>>()})).await;
    let folder = agency.server.stop().await;
    Agency { server: TestServer::start_in(folder, limits, 10).await }
}

/// Looks at every task of its project for each task.
fn slow() -> Value {
    let task = json!({"tasks": {"some": [{"title": {"like": "%zz%"}}]}});
    json!({"select": ["id"], "where": [{"projects": {"some": [task]}}]})
}

async fn ask_slowly(agency: &Agency, times: usize) -> Vec<Answer> {
    join_all((0..times).map(|_| agency.query("select", "tasks", slow()))).await
}

#[tokio::test]
async fn what_may_not_wait_is_told_when_to_come_back() {
    let one_waits = Limits { tenant_concurrency: Some(1), waiting_requests: 1, ..Limits::default() };
    let agency = start(one_waits).await;
    let answers = ask_slowly(&agency, 60).await;
    let (answered, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(answered.len() > 1, "those that waited are answered");
    assert!(!refused.is_empty());
    for answer in refused {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "RATE_LIMITED"));
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(answer.json()["hint"].as_str().unwrap().contains("at the same time"));
    }
    assert_eq!(ask_slowly(&agency, 1).await[0].status, 200, "later there is room again");
}

#[tokio::test]
async fn what_waits_too_long_is_told_so_and_what_to_do() {
    let soon = Limits {
        tenant_concurrency: Some(1),
        request_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let agency = start(soon).await;
    let answers = ask_slowly(&agency, 60).await;
    let late: Vec<Value> = answers.iter().filter(|answer| answer.status == 504).map(Answer::json).collect();
    assert!(late.iter().any(|problem| problem["detail"].as_str().unwrap().contains("waited for its turn")));
    for problem in late {
        assert_eq!(problem["code"], "QUERY_TIMEOUT");
        assert!(problem["hint"].as_str().unwrap().contains("add an index"), "{problem}");
    }
}

#[tokio::test]
async fn a_long_answer_is_whole_and_has_its_end_where_it_is_too_long() {
    let agency = Agency::start().await;
    let task =
        |n| json!({"id": format!("n{n}"), "project_id": 2, "title": format!("{n:03}{}", "x".repeat(2_000))});
    agency.answer("insert", "tasks", json!({"data": (0..400).map(task).collect::<Vec<_>>()})).await;
    let long = json!({"where": [{"project_id": {"eq": 2}}], "select": ["title"], "limit": 400});
    let rows = agency.rows("tasks", long.clone()).await;
    let whole = |row: &&Value| row["title"].as_str().unwrap().len() == 2_003;
    assert!(rows.as_array().unwrap().iter().filter(whole).count() >= 390);
    let query = json!({"operation": "select", "table": "tasks", "body": long});
    let batch = agency.batch(json!({"operations": [query, query]})).await.json();
    assert_eq!(batch["results"][1]["data"], rows);

    let folder = agency.server.stop().await;
    let short = Limits { answer_bytes: 500_000, ..Limits::default() };
    let agency = Agency { server: TestServer::start_in(folder, short, 10).await };
    assert_eq!(agency.query("select", "tasks", long).await.code(), "ANSWER_TOO_LARGE");
}
