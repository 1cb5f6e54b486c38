//! The yardstick: an axum server on its default runtime that answers with the JSON it was sent. In a process of its own.

use crate::http::Request;
use crate::load::{Load, Requests, Until};
use crate::process::{Server, free_address};
use crate::{Bench, Result};
use axum::routing::post;
use axum::{Json, Router};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

/// 105 bytes on the wire: a task as the data API answers it.
const BODY: &[u8] = br#"{"id":"task-00042","project_id":"project-007","title":"Write the report","status":"todo","assigned_to":1}"#;

#[derive(serde::Serialize, serde::Deserialize)]
struct Task {
    id: String,
    project_id: String,
    title: String,
    status: String,
    assigned_to: u64,
}

/// Serves until the process ends.
pub fn serve(address: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let ready = axum::routing::get(|| async { "ready" });
        let routes = Router::new().route("/echo", post(echo)).route("/ready", ready);
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn echo(Json(task): Json<Task>) -> Json<Task> {
    Json(task)
}

/// Starts the yardstick in a process of its own.
pub fn start(bench: &Bench) -> Result<Server> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["echo", &address.to_string()]);
    Server::start(&mut command, address, "/ready", &bench.folder.join("echo.log"))
}

/// The yardstick's load.
pub fn load(bench: &Bench, server: &Server) -> Load {
    let request = Request::new("POST", "/echo", &[]);
    let requests: Requests = Arc::new(move |_, out| request.write(BODY, out));
    let until = Until::Elapsed(bench.window);
    Load { address: server.address, connections: bench.connections, until, per_second: None, requests }
}

#[test]
fn the_body_is_as_long_as_the_goals_say() {
    assert_eq!(BODY.len(), 105);
    let task: Task = serde_json::from_slice(BODY).unwrap();
    assert_eq!(serde_json::to_vec(&task).unwrap(), BODY);
}
