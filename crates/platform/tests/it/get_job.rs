//! `GET /platform/jobs/{id}`.

use serde_json::json;

use crate::{notes, start};

#[tokio::test]
async fn a_job_is_shown_as_it_ended() {
    let server = start(&["acme"]).await;
    let ended = server.push(notes(&["title", "body"])).await;
    let shown = server.get(&format!("/platform/jobs/{}", ended["id"].as_str().unwrap())).await.json();
    assert_eq!(shown, ended);
    assert_eq!(
        shown,
        json!({
            "id": ended["id"], "kind": "push", "template": "notes", "version": 2, "status": "completed",
            "total": 1, "done": 1, "failed": 0, "failures": [],
            "created_at": 1_700_000_000, "finished_at": 1_700_000_000,
        })
    );
}

#[tokio::test]
async fn an_unknown_job_is_not_found() {
    let server = start(&[]).await;
    for id in ["job_1", "x", &format!("job_{}", "0".repeat(32)), &format!("db_{}", "0".repeat(32))] {
        assert_eq!(server.get(&format!("/platform/jobs/{id}")).await.code(), "NOT_FOUND", "{id}");
    }
}
