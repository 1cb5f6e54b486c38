//! `POST /platform/jobs/{id}/retry`.

use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::json;

use crate::{columns, moves, notes, remove_doubles, start, store_version, unique_notes, with_doubles};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mended_database_moves_when_its_job_is_tried_again() {
    let server = start(&["first", "second"]).await;
    with_doubles(&server, "second").await;
    let job = server.push(unique_notes(&["title"])).await;
    let path = format!("/platform/jobs/{}/retry", job["id"].as_str().unwrap());

    let retried = server.post(&path, json!({})).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED);
    assert_eq!((&retried.json()["status"], &retried.json()["failed"]), (&json!("running"), &json!(0)));
    let again = server.finish_job(job["id"].as_str().unwrap()).await;
    assert_eq!((&again["status"], &again["failed"]), (&json!("failed"), &json!(1)), "nothing was mended");

    remove_doubles(&server, "second").await;
    assert_eq!(server.request(axum::http::Method::POST, &path).send().await.status, StatusCode::ACCEPTED);
    let ended = server.finish_job(job["id"].as_str().unwrap()).await;
    assert_eq!(
        (&ended["status"], &ended["done"], &ended["failed"]),
        (&json!("completed"), &json!(2), &json!(0))
    );
    let second = server.get("/platform/databases/second").await.json();
    assert_eq!((&second["status"], &second["version"]), (&json!("ready"), &json!(2)));
    assert_eq!(moves(&server, "first").await, 1);
    let history = server.get("/platform/templates/notes/history").await.json();
    assert_eq!(history["data"][0]["state"], "complete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_database_goes_all_the_way_to_what_is_released_by_now() {
    let server = start(&["first", "second"]).await;
    with_doubles(&server, "second").await;
    let job = server.push(unique_notes(&["title"])).await;
    server.push(unique_notes(&["title", "body"])).await;
    remove_doubles(&server, "second").await;
    server.post(&format!("/platform/jobs/{}/retry", job["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(server.finish_job(job["id"].as_str().unwrap()).await["status"], "completed");
    assert_eq!(server.get("/platform/databases/second").await.json()["version"], 3);
    assert!(columns(&server, "second").await.contains("body"));
    assert_eq!(moves(&server, "second").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_retries_one_runs() {
    let server = start(&["first", "second"]).await;
    with_doubles(&server, "second").await;
    let job = server.push(unique_notes(&["title"])).await;
    remove_doubles(&server, "second").await;
    let path = format!("/platform/jobs/{}/retry", job["id"].as_str().unwrap());
    let answers = join_all((0..50).map(|_| server.post(&path, json!({})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::ACCEPTED).count(), 1);
    assert!(
        answers.iter().all(|answer| answer.status == StatusCode::ACCEPTED || answer.code() == "CONFLICT")
    );
    assert_eq!(server.finish_job(job["id"].as_str().unwrap()).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_failed_job_is_tried_again() {
    let server = start(&["acme"]).await;
    let completed = server.push(notes(&["title", "a"])).await;
    let refused =
        server.post(&format!("/platform/jobs/{}/retry", completed["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(refused.code(), "CONFLICT");
    with_doubles(&server, "acme").await;
    let cancelled = server.push(unique_notes(&["title", "a"])).await;
    let refused =
        server.post(&format!("/platform/jobs/{}/retry", cancelled["id"].as_str().unwrap()), json!({})).await;
    assert!(refused.json()["hint"].as_str().unwrap().contains("push the template again"), "{refused:?}");
    let pending = store_version(&server, notes(&["title", "a", "b"])).await;
    let refused = server.post(&format!("/platform/jobs/{}/retry", pending.id), json!({})).await;
    assert_eq!(refused.code(), "CONFLICT");
    assert_eq!(server.post("/platform/jobs/job_x/retry", json!({})).await.code(), "NOT_FOUND");
    let body = server.post(&format!("/platform/jobs/{}/retry", pending.id), json!({"databases": []})).await;
    assert_eq!(body.code(), "INVALID_QUERY");
}
