//! What `dev` puts into an empty project: its key, and the databases and rows that `seed.json` lists.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

/// The key's file in the data folder; the command line finds it there.
const KEY_FILE: &str = "dev-key";
/// Most rows in one insert.
const ROWS: usize = 500;

/// `seed.json`: databases of one template, and rows by database and table, in the order they are inserted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    template: String,
    databases: serde_json::Map<String, Value>,
    example: ExampleQuery,
}

/// The query that the greeting shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleQuery {
    table: String,
    body: Value,
}

/// What the greeting shows.
pub(crate) struct Example {
    pub databases: Vec<String>,
    pub table: String,
    pub body: Value,
}

/// The development key: made at the first start, kept with mode 0600 in the data folder.
pub(crate) fn dev_key(data_dir: &Path) -> Result<String, String> {
    let path = data_dir.join(KEY_FILE);
    let words = |error: std::io::Error| format!("{}: {error}", path.display());
    match fs::read_to_string(&path) {
        Ok(key) => return Ok(key.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(words(error)),
        Err(_) => {}
    }
    let key = directory::random_key().map_err(|problem| problem.to_string())?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(words)?;
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(words)?;
    writeln!(file, "{key}").map_err(words)?;
    Ok(key)
}

/// Creates the databases that `seed.json` lists and are not there, with their rows. `None` without the file.
pub(crate) fn fill(folder: &Path, url: &str, key: &str) -> Result<Option<Example>, String> {
    let path = folder.join("seed.json");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let seed: Seed = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let server = Server { agent: agent(), url, key };
    for (name, tables) in &seed.databases {
        if server.create(name, &seed.template)? {
            server.insert(name, tables)?;
        }
    }
    if seed.databases.is_empty() {
        return Ok(None);
    }
    let databases = seed.databases.keys().cloned().collect();
    Ok(Some(Example { databases, table: seed.example.table, body: seed.example.body }))
}

fn agent() -> ureq::Agent {
    // A refusal carries a body that says why.
    ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}

struct Server<'a> {
    agent: ureq::Agent,
    url: &'a str,
    key: &'a str,
}

impl Server<'_> {
    /// False if the database is there already: then its rows are its own.
    fn create(&self, name: &str, template: &str) -> Result<bool, String> {
        match self.post("/platform/databases", &[], &json!({"name": name, "template": template}))? {
            (201, _) => Ok(true),
            (409, _) => Ok(false),
            (_, answer) => Err(refused(&answer)),
        }
    }

    fn insert(&self, database: &str, tables: &Value) -> Result<(), String> {
        let tables = tables.as_object().ok_or_else(|| format!("databases.{database} is not an object"))?;
        for (table, rows) in tables {
            let rows = rows
                .as_array()
                .ok_or_else(|| format!("databases.{database}.{table} is not a list of rows"))?;
            for rows in rows.chunks(ROWS) {
                let headers = [("Database", database), ("Prefer", "operation=insert")];
                let (status, answer) =
                    self.post(&format!("/data/query/{table}"), &headers, &json!({"data": rows}))?;
                if status != 200 {
                    return Err(format!("{database}.{table}: {}", refused(&answer)));
                }
            }
        }
        Ok(())
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<(u16, Value), String> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        request = request.header("Authorization", format!("Bearer {}", self.key));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send_json(body).map_err(|error| error.to_string())?;
        let answer = response.body_mut().read_json().map_err(|error| error.to_string())?;
        Ok((response.status().as_u16(), answer))
    }
}

fn refused(answer: &Value) -> String {
    let first = answer["errors"][0]["message"].as_str().map(|message| format!(" {message}"));
    format!("{}{}", answer["detail"].as_str().unwrap_or("the server refused"), first.unwrap_or_default())
}
