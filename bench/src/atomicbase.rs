//! Our server under measurement: the release binary, started on a folder of its own and filled over HTTP like anybody's.

use crate::http::{Client, Request};
use crate::load::{Load, Requests, Until};
use crate::process::{Server, free_address};
use crate::saas;
use crate::{Bench, Result};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// The bootstrap key of the servers that the bench starts on loopback.
const KEY: &str = "atb_sk_bench_0123456789abcdefghijklmnopqrstuv";

/// A running server of ours.
pub struct Atomicbase {
    pub server: Server,
}

impl Atomicbase {
    /// Starts the release binary on `folder`, which it keeps its data in.
    pub fn start(bench: &Bench, folder: &Path) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(&bench.binary);
        command.arg("serve");
        Self::environment(&mut command, address, folder);
        let server = Server::start(&mut command, address, "/ready", &bench.folder.join("atomicbase.log"))?;
        Ok(Self { server })
    }

    /// What a server is told: where it listens, and the folder it keeps its data in.
    pub fn environment(command: &mut Command, address: SocketAddr, folder: &Path) {
        command
            .env("ATOMICBASE_LISTEN", address.to_string())
            .env("ATOMICBASE_DATA_DIR", folder)
            .env("ATOMICBASE_SERVICE_KEY", KEY);
    }

    /// A connection that sends the key.
    pub fn client(&self) -> Result<Client> {
        Client::connect(self.server.address, &[&authorization()])
    }

    /// Stores the template, version 1.
    pub fn create_template(&self) -> Result<()> {
        let body = json!({"template": saas::template(0)});
        self.client()?.json("POST", "/platform/templates", &[], &body)?;
        Ok(())
    }

    /// Creates a database of the template.
    pub fn create_database(&self, name: &str) -> Result<()> {
        let body = json!({"name": name, "template": "saas-app"});
        self.client()?.json("POST", "/platform/databases", &[], &body)?;
        Ok(())
    }

    /// Fills a database with the rows that every contestant serves, up to task number `tasks`.
    pub fn insert_rows(&self, database: &str, tasks: u64) -> Result<()> {
        let mut client = self.client()?;
        let mut insert = |table: &str, rows: &[Value]| {
            let headers = [&*format!("Database: {database}"), "Prefer: operation=insert"];
            client.json("POST", &format!("/data/query/{table}"), &headers, &json!({ "data": rows }))
        };
        insert("projects", &saas::projects_json())?;
        let rows: Vec<Value> = (0..tasks).map(saas::task_json).collect();
        for part in rows.chunks(500) {
            insert("tasks", part)?;
        }
        Ok(())
    }

    /// A server with the template and one database `bench` with all rows.
    pub fn start_with_rows(bench: &Bench, folder: &Path) -> Result<Self> {
        let ours = Self::start(bench, folder)?;
        ours.fill()?;
        Ok(ours)
    }

    /// Makes the template and one database `bench` with all rows.
    pub fn fill(&self) -> Result<()> {
        self.create_template()?;
        self.create_database("bench")?;
        self.insert_rows("bench", saas::TASKS)
    }

    /// A load of point reads, lists, inserts …: `body` writes the body of request number `n`.
    pub fn load(
        &self,
        bench: &Bench,
        request: Request,
        body: impl Fn(u64, &mut Vec<u8>) + Send + Sync + 'static,
    ) -> Load {
        let requests: Requests = Arc::new(move |number, out| {
            let mut bytes = Vec::with_capacity(256);
            body(number, &mut bytes);
            request.write(&bytes, out);
        });
        let (address, connections) = (self.server.address, bench.connections);
        Load { address, connections, until: Until::Elapsed(bench.window), per_second: None, requests }
    }
}

/// A request of the data API on `table`.
pub fn query(database: &str, table: &str, operation: &str) -> Request {
    let (path, database) = (format!("/data/query/{table}"), format!("Database: {database}"));
    Request::new("POST", &path, &[&authorization(), &database, &format!("Prefer: operation={operation}")])
}

/// A request of the platform API.
pub fn platform(path: &str) -> Request {
    Request::new("POST", path, &[&authorization()])
}

fn authorization() -> String {
    format!("Authorization: Bearer {KEY}")
}
