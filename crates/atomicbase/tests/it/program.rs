//! A running `atomicbase serve`, killed when the test ends.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

pub const KEY: &str = "atb_sk_test_0123456789_0123456789_0123456789";
pub const BINARY: &str = env!("CARGO_BIN_EXE_atomicbase");

pub struct Program {
    pub child: Child,
    pub address: String,
    log: Arc<Mutex<Vec<String>>>,
    agent: ureq::Agent,
}

/// How to start the program: in which folder, through which other command.
pub struct Start<'a> {
    pub data_dir: &'a Path,
    /// Words before the program's own, such as strace's.
    pub through: Vec<String>,
    pub settings: Vec<(&'static str, String)>,
}

impl<'a> Start<'a> {
    pub fn on(data_dir: &'a Path) -> Self {
        Self { data_dir, through: Vec::new(), settings: Vec::new() }
    }

    pub fn run(self) -> Program {
        let mut words = self.through;
        words.extend([BINARY, "serve", "--listen", "127.0.0.1:0"].map(str::to_owned));
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .env("ATOMICBASE_DATA_DIR", self.data_dir)
            .env("ATOMICBASE_SERVICE_KEY", KEY);
        command.envs(self.settings).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (log, addresses) = follow(child.stderr.take().unwrap());
        let started = addresses.recv_timeout(Duration::from_secs(30));
        let address =
            started.unwrap_or_else(|_| panic!("the program did not start: {:?}", log.lock().unwrap()));
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
        Program { child, address, log, agent }
    }
}

/// Keeps the log's lines; the address comes as soon as the program says that it listens.
fn follow(stderr: impl Read + Send + 'static) -> (Arc<Mutex<Vec<String>>>, mpsc::Receiver<String>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (sender, addresses) = mpsc::channel();
    let lines = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "listening" {
                // The test may have given up.
                drop(sender.send(event["address"].as_str().unwrap_or_default().to_owned()));
            }
            lines.lock().unwrap().push(line);
        }
    });
    (log, addresses)
}

impl Program {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> Result<(u16, Value), ureq::Error> {
        let response =
            self.agent.get(self.url(path)).header("authorization", format!("Bearer {KEY}")).call()?;
        read(response)
    }

    pub fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<(u16, Value), ureq::Error> {
        let mut request = self.agent.post(self.url(path)).header("authorization", format!("Bearer {KEY}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send_json(body)?)
    }

    pub fn insert(&self, database: &str, table: &str, data: &Value) -> Result<(u16, Value), ureq::Error> {
        let headers = [("database", database), ("prefer", "operation=insert")];
        self.post(&format!("/data/query/{table}"), &headers, &json!({"data": data}))
    }

    pub fn push(&self, template: &Value) -> (u16, Value) {
        let name = template["name"].as_str().unwrap();
        self.post(&format!("/platform/templates/{name}/push"), &[], &json!({"template": template})).unwrap()
    }

    /// Follows a job to its end.
    pub fn finish(&self, job: &str) -> Value {
        let mut response = self
            .agent
            .get(self.url(&format!("/platform/jobs/{job}/events")))
            .header("authorization", format!("Bearer {KEY}"))
            .call()
            .unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let last = text.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap();
        serde_json::from_str(last).unwrap()
    }

    pub fn create(&self, name: &str, template: &str) -> Value {
        let (status, database) =
            self.post("/platform/databases", &[], &json!({"name": name, "template": template})).unwrap();
        assert_eq!(status, 201, "{database}");
        database
    }

    /// Sends the program a signal; started through another command, it is that one's child.
    pub fn signal(&self, name: &str) {
        let started = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{started}/task/{started}/children")).unwrap();
        let process = children.split_whitespace().next().map_or(started.to_string(), str::to_owned);
        assert!(Command::new("kill").args([&format!("-{name}"), &process]).status().unwrap().success());
    }

    /// Waits until a line of the log has these words.
    pub fn wait_for_log(&self, words: &str) {
        while !self.log.lock().unwrap().iter().any(|line| line.contains(words)) {
            std::thread::yield_now();
        }
    }

    /// A warning with these words was expected.
    pub fn expect_log(&self, words: &str) {
        self.log.lock().unwrap().retain(|line| !line.contains(words));
    }

    /// As a power cut: no handler runs.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    /// Ends the process, and fails the test if it logged a warning or error.
    fn drop(&mut self) {
        // Ended already where a test killed it.
        drop(self.child.kill());
        drop(self.child.wait());
        let log = self.log.lock().unwrap();
        let bad =
            |line: &&String| line.contains("\"level\":\"WARN\"") || line.contains("\"level\":\"ERROR\"");
        let unexpected: Vec<&String> = log.iter().filter(bad).collect();
        assert!(unexpected.is_empty() || std::thread::panicking(), "unexpected in the log: {unexpected:?}");
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<(u16, Value), ureq::Error> {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string()?;
    Ok((status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }))
}

/// `notes(id INTEGER PRIMARY KEY, text TEXT NOT NULL)`; version 2 adds a column `c2` with an index, version 3 `c3`, and so on.
pub fn notes(version: u32) -> Value {
    let mut columns = vec![
        json!({"name": "id", "type": "integer"}),
        json!({"name": "text", "type": "text", "not_null": true}),
    ];
    let mut indexes = Vec::new();
    for number in 2..=version {
        let name = format!("c{number}");
        columns
            .push(json!({"name": name, "type": "integer", "not_null": true, "default": {"value": number}}));
        indexes.push(json!({"name": format!("notes_{name}"), "columns": [name]}));
    }
    let mut table = json!({"name": "notes", "columns": columns, "primary_key": ["id"]});
    if !indexes.is_empty() {
        table["indexes"] = json!(indexes);
    }
    json!({"format": 1, "name": "notes", "tables": [table]})
}

/// The files of all tenant databases.
pub fn tenant_files(data_dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data_dir.join("tenants")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "db")).collect()
}
