//! The soak: a mixed load for minutes, over tenants that come and go. What grows, and does it stop?

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Ratio, sample};
use crate::load::{Load, Requests, Until, scatter};
use crate::report::Report;
use crate::saas::{self, TASKS};
use crate::workloads::{create_databases, insert_rows};
use crate::{Bench, Result};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often the server is looked at.
const LOOKS: u32 = 10;
/// Databases created before and deleted after each look.
const GUESTS: u64 = 100;

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let data = folder.path().join("ours");
    let ours = Atomicbase::start_with_rows(bench, &data)?;
    let columns = ["per second", "p99 ms", "MB memory", "files open", "MB disk"];
    let mut report = Report::new(&format!("Soak, {} minutes", bench.minutes), &columns);
    let mut memory = Vec::new();
    for look in 1..=LOOKS {
        create_databases::load(bench, &ours, 8, GUESTS, &format!("guest-{look}")).run()?;
        let loaded = sample(&ours.server, &mixed(bench, &ours, look))?;
        delete_guests(&ours, look)?;
        let resident = ours.server.resident_bytes()? as f64 / 1e6;
        let files = std::fs::read_dir(format!("/proc/{}/fd", ours.server.pid()))?.count() as f64;
        report.row(
            &format!("look {look}"),
            &[loaded.per_second, loaded.p99_ms, resident, files, size_of(&data)? as f64 / 1e6],
        );
        memory.push(resident);
    }
    let (half, last) = (memory[memory.len() / 2], memory[memory.len() - 1]);
    report.ratios.push(Ratio::of("memory, at the end : half way", vec![last / half], "about 1"));
    Ok(report)
}

/// Six point reads, two lists, an insert and a delete out of ten requests.
fn mixed(bench: &Bench, ours: &Atomicbase, look: u32) -> Load {
    let [select, insert, delete] = ["select", "insert", "delete"].map(|it| query("bench", "tasks", it));
    let first = TASKS + u64::from(look) * 1_000_000_000;
    let key = |number| format!(r#"{{"where":[{{"id":{{"eq":"{}"}}}}]}}"#, saas::task_id(number));
    let requests: Requests = Arc::new(move |number, out| match number % 10 {
        0..6 => select.write(key(scatter(number) % TASKS).as_bytes(), out),
        6 | 7 => select.write(br#"{"limit":20}"#, out),
        8 => insert.write(insert_rows::insert_body(first + number).as_bytes(), out),
        // What was inserted a while ago, so that the table does not grow for ever.
        _ => delete.write(key(first + number.saturating_sub(10_001)).as_bytes(), out),
    });
    let until = Until::Elapsed(Duration::from_secs(60) * bench.minutes / LOOKS);
    let (address, connections) = (ours.server.address, bench.connections);
    Load { address, connections, until, per_second: None, requests }
}

fn delete_guests(ours: &Atomicbase, look: u32) -> Result<()> {
    let mut client = ours.client()?;
    for guest in 0..GUESTS {
        client.json("DELETE", &format!("/platform/databases/guest-{look}-{guest}"), &[], &Value::Null)?;
    }
    Ok(())
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        size += if entry.file_type()?.is_dir() { size_of(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(size)
}
