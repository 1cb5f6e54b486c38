//! How many instructions a request takes, counted by callgrind: the machine's mood is not in it. CI holds each path to its number.

use crate::atomicbase::Atomicbase;
use crate::http::Client;
use crate::process::{Server, free_address};
use crate::report::Report;
use crate::{Bench, Result, saas};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

/// Requests that are counted, after as many that warm up.
const REQUESTS: u64 = 300;
/// What a count may lie above its number: compilers and allocators differ a little from day to day.
const SLACK: f64 = 1.03;

/// A path: its name, its operation, and the body of request `n`.
type Hot = (&'static str, &'static str, fn(u64) -> Value);

/// Short ones alone: callgrind makes a request fifty times slower, and what takes longer than a read may hold its thread would be
/// interrupted and run twice.
const PATHS: [Hot; 4] = [
    ("point read", "select", |n| json!({"where": [{"id": {"eq": saas::task_id(n % saas::TASKS)}}]})),
    (
        "point read with a relation",
        "select",
        |n| json!({"select": ["id", "title", {"projects": ["name"]}], "where": [{"id": {"eq": saas::task_id(n % saas::TASKS)}}]}),
    ),
    ("insert", "insert", |n| json!({"data": saas::task_json(saas::TASKS + n)})),
    (
        "update by key",
        "update",
        |n| json!({"data": {"status": "done"}, "where": [{"id": {"eq": saas::task_id(n % saas::TASKS)}}]}),
    ),
];

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let allowed: Map<String, Value> = serde_json::from_str(include_str!("../../instructions.json"))?;
    let mut report = Report::new("Instructions per request", &["counted", "allowed"]);
    let ours = start(bench, folder.path())?;
    let mut client = ours.client()?;
    let mut above = Vec::new();
    for (name, operation, body) in PATHS {
        let counted = count(&ours, &mut client, folder.path(), operation, body)?;
        let most = allowed.get(name).and_then(Value::as_f64).unwrap_or_default();
        report.row(name, &[counted, most]);
        if counted > most * SLACK {
            above.push(format!("{name}: {counted:.0}, allowed {most:.0}"));
        }
    }
    report.note("The kernel's are not in it. Allowed is bench/instructions.json: lower it with every win.");
    if above.is_empty() {
        return Ok(report);
    }
    println!("{}", report.text());
    Err(format!("more instructions than allowed ({})", above.join("; ")).into())
}

/// The server under callgrind, filled; nothing is counted yet.
fn start(bench: &Bench, folder: &Path) -> Result<Atomicbase> {
    let address = free_address()?;
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--instr-atstart=no"])
        .arg(format!("--callgrind-out-file={}", folder.join("counts").display()))
        .arg(&bench.binary)
        .arg("serve");
    Atomicbase::environment(&mut command, address, &folder.join("data"));
    let server = Server::start(&mut command, address, "/ready", &bench.folder.join("callgrind.log"))?;
    let ours = Atomicbase { server };
    ours.fill()?;
    Ok(ours)
}

fn count(
    ours: &Atomicbase,
    client: &mut Client,
    folder: &Path,
    operation: &str,
    body: fn(u64) -> Value,
) -> Result<f64> {
    let prefer = format!("Prefer: operation={operation}");
    let headers = ["Database: bench", &*prefer];
    let mut ask = |numbers: std::ops::Range<u64>| -> Result<()> {
        for number in numbers {
            client.json("POST", "/data/query/tasks", &headers, &body(number))?;
        }
        Ok(())
    };
    ask(0..REQUESTS)?;
    control(ours, &["-z"])?;
    control(ours, &["-i", "on"])?;
    ask(REQUESTS..2 * REQUESTS)?;
    control(ours, &["-i", "off"])?;
    control(ours, &["-d", operation])?;
    Ok(newest_total(folder)? / REQUESTS as f64)
}

fn control(ours: &Atomicbase, words: &[&str]) -> Result<()> {
    let pid = ours.server.pid().to_string();
    let status = Command::new("callgrind_control")
        .args(words)
        .arg(pid)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err("callgrind_control does not reach the server".into()) }
}

/// The total of the last dump, a file `counts.N`.
fn newest_total(folder: &Path) -> Result<f64> {
    let number = |path: &Path| path.extension()?.to_str()?.parse::<u32>().ok();
    let entries = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let dumps = entries.filter_map(|path| Some((number(&path)?, path)));
    let (_, newest) = dumps.max_by_key(|(number, _)| *number).ok_or("callgrind wrote no counts")?;
    let text = std::fs::read_to_string(newest)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:"));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}
