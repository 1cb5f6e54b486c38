//! `GET /platform/jobs/{id}/events`.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use testkit::KEY;
use tower::ServiceExt;

use crate::{notes, start, store_version};

fn events(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    blocks
        .map(|block| {
            let (event, data) = block.split_once('\n').unwrap();
            assert_eq!(event, "event: progress");
            serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn a_job_that_has_ended_is_told_once() {
    let server = start(&["acme"]).await;
    let job = server.push(notes(&["title", "body"])).await;
    let answer = server.get(&format!("/platform/jobs/{}/events", job["id"].as_str().unwrap())).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].to_str().unwrap()),
        (StatusCode::OK, "text/event-stream")
    );
    assert_eq!(events(&answer.bytes), [job]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_job_is_told_from_its_start_to_its_end() {
    let names: Vec<String> = (0..60).map(|number| format!("t-{number}")).collect();
    let server = start(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let body = serde_json::json!({"template": notes(&["title", "body"])});
    let pushed = server.post("/platform/templates/notes/push", body).await.json();
    let answer = server.get(&format!("/platform/jobs/{}/events", pushed["job_id"].as_str().unwrap())).await;
    let told = events(&answer.bytes);
    let done: Vec<u64> = told.iter().map(|job| job["done"].as_u64().unwrap()).collect();
    assert!(done.is_sorted(), "{done:?}");
    assert!(told.iter().all(|job| job["total"] == 60));
    let (last, before) = told.split_last().unwrap();
    assert_eq!((&last["status"], &last["done"]), (&Value::from("completed"), &Value::from(60)));
    assert!(before.iter().all(|job| job["status"] != "completed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_the_server_stops() {
    let server = start(&["acme"]).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    let request = Request::get(format!("/platform/jobs/{}/events", job.id))
        .header("authorization", format!("Bearer {KEY}"))
        .body(Body::empty())
        .unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(events(&first)[0]["status"], "pending");
    let folder = server.stop().await;
    assert!(body.frame().await.is_none());
    drop(folder);
}

#[tokio::test]
async fn an_unknown_job_has_no_events() {
    let server = start(&[]).await;
    assert_eq!(server.get("/platform/jobs/job_x/events").await.code(), "NOT_FOUND");
}
