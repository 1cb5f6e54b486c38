//! A job goes on at the next start, from wherever the process left it, and moves each database once.

use atomicbase_core::Limits;
use axum::http::StatusCode;
use serde_json::json;
use testkit::TestServer;

use crate::{columns, moves, notes, record, start, store_version};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// The process that found the job, after it has ended.
async fn resumed(server: TestServer, job: &str) -> TestServer {
    let folder = server.stop().await;
    let server = TestServer::start_in(folder, Limits::default(), 100).await;
    let ended = server.finish_job(job).await;
    assert_eq!(
        (&ended["status"], &ended["total"], &ended["done"]),
        (&json!("completed"), &json!(4), &json!(4))
    );
    for name in NAMES {
        assert!(columns(&server, name).await.contains("body"));
        assert_eq!(moves(&server, name).await, 1, "{name}");
        assert_eq!(server.get(&format!("/platform/databases/{name}")).await.json()["version"], 2);
    }
    let template = server.get("/platform/templates/notes").await.json();
    assert_eq!(template["version"], 2);
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_only_stored() {
    let server = start(&NAMES).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    resumed(server, job.id.as_str()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_canary_had_not_moved() {
    let server = start(&NAMES).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    server.directory.begin_job(&job.id, &job.template, 2).await.unwrap().unwrap();
    resumed(server, job.id.as_str()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_canary_had_moved() {
    let server = start(&NAMES).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    server.directory.begin_job(&job.id, &job.template, 2).await.unwrap().unwrap();
    server.tenants.bring_to(&*record(&server, "a").await, 2, Some(&job.id)).await.unwrap();
    resumed(server, job.id.as_str()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_released_and_half_swept() {
    let server = start(&NAMES).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    let job = server.directory.begin_job(&job.id, &job.template, 2).await.unwrap().unwrap();
    server.tenants.bring_to(&*record(&server, "a").await, 2, Some(&job.id)).await.unwrap();
    server.directory.release_version(&job).await.unwrap();
    server.tenants.bring_to(&*record(&server, "c").await, 2, Some(&job.id)).await.unwrap();
    let server = resumed(server, job.id.as_str()).await;
    let next = server.push(notes(&["title", "body", "more"])).await;
    assert_eq!(next["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_swept_and_not_ended() {
    let server = start(&NAMES).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    let job = server.directory.begin_job(&job.id, &job.template, 2).await.unwrap().unwrap();
    server.directory.release_version(&job).await.unwrap();
    for name in NAMES {
        server.tenants.bring_to(&*record(&server, name).await, 2, Some(&job.id)).await.unwrap();
    }
    resumed(server, job.id.as_str()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_the_server_stopped_in_the_middle() {
    let server = start(&NAMES).await;
    let body = json!({"template": notes(&["title", "body"])});
    let pushed = server.post("/platform/templates/notes/push", body).await;
    assert_eq!(pushed.status, StatusCode::ACCEPTED);
    resumed(server, pushed.json()["job_id"].as_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_database_whose_file_was_left_loses_it() {
    let server = start(&NAMES).await;
    let left = record(&server, "a").await;
    server.directory.delete_database(&left.id).await.unwrap();
    let folder = server.stop().await;
    let file = folder.path().join("tenants").join(format!("{}.db", left.id));
    assert!(file.exists());
    let server = TestServer::start_in(folder, Limits::default(), 100).await;
    while !server.directory.list_databases_to_drop().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!server.folder().join("tenants").join(format!("{}.db", left.id)).exists());
}
