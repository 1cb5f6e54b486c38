//! G10: what a server costs that nobody asks anything: memory, idle CPU, the binary's size.

use crate::atomicbase::Atomicbase;
use crate::report::Report;
use crate::workloads::point_read;
use crate::{Bench, Result};
use std::time::Duration;

const IDLE: Duration = Duration::from_secs(10);

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let mut report = Report::new("G10 cost at rest", &["MB", "idle CPU %"]);
    let empty = Atomicbase::start(bench, &folder.path().join("empty"))?;
    let idle = idle_percent(&empty)?;
    report.row("empty server", &[megabytes(empty.server.resident_bytes()?), idle]);
    drop(empty);
    let used = Atomicbase::start_with_rows(bench, &folder.path().join("used"))?;
    point_read::load(bench, &used).run()?;
    let idle = idle_percent(&used)?;
    report.row("after a load of point reads", &[megabytes(used.server.resident_bytes()?), idle]);
    report.row("binary", &[megabytes(std::fs::metadata(&bench.binary)?.len()), f64::NAN]);
    report.note("Goals: <= 60 MB resident, <= 0.5 % CPU idle, binary <= 60 MB.");
    Ok(report)
}

fn idle_percent(ours: &Atomicbase) -> Result<f64> {
    let before = ours.server.cpu()?;
    std::thread::sleep(IDLE);
    Ok((ours.server.cpu()? - before).as_secs_f64() / IDLE.as_secs_f64() * 100.0)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
