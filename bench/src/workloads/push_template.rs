//! G9: a push over a whole fleet, against a bare loop over copies of the same files; what others notice of it.

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Ratio, median};
use crate::http::Client;
use crate::load::{Load, Until, scatter};
use crate::process::cpu_of;
use crate::report::Report;
use crate::workloads::create_databases;
use crate::{Bench, Result, floor, saas};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const THREADS: [usize; 5] = [1, 4, 8, 16, 32];
/// Tasks in each database of the fleet.
const ROWS: u64 = 10;
/// What the tenants' users ask for while nothing and while a push is going on.
const FOREGROUND_CONNECTIONS: usize = 16;
const FOREGROUND_PER_SECOND: u32 = 1_000;
/// Databases asked at once after the release.
const ASKED: u64 = 50;

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let data = folder.path().join("ours");
    let mut ours = Atomicbase::start(bench, &data)?;
    create_fleet(bench, &ours)?;
    let (mut bare, mut moved, mut pushes) = (vec![Vec::new(); THREADS.len()], Vec::new(), 0);
    for _ in 0..bench.rounds {
        ours.server.stop()?;
        for (threads, moved) in THREADS.iter().zip(&mut bare) {
            moved.push(migrate_bare(bench, &data, *threads, pushes + 1)?);
        }
        ours = Atomicbase::start(bench, &data)?;
        pushes += 1;
        let before = ours.server.cpu()?;
        let elapsed = push(&ours, pushes)?;
        moved.push(Moved::of(bench, elapsed, ours.server.cpu()? - before));
    }
    let title = format!("G9 push over {} databases", bench.fleet);
    let mut report = Report::new(&title, &["per second", "seconds", "CPU µs"]);
    let mut row = |name: &str, rounds: &[Moved]| {
        let of = |figure: fn(&Moved) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
        let rate = of(|it| it.per_second);
        report.row(name, &[rate, f64::from(bench.fleet) / rate, of(|it| it.cpu_us)]);
    };
    for (threads, rounds) in THREADS.iter().zip(&bare) {
        row(&format!("bare loop, {threads} threads"), rounds);
    }
    row("atomicbase push", &moved);
    let best = |round: usize| bare.iter().map(|rounds| rounds[round].per_second).fold(0.0, f64::max);
    let ratios = moved.iter().enumerate().map(|(round, it)| it.per_second / best(round)).collect();
    report.ratios.push(Ratio::of("per second, push : best bare loop", ratios, ">= 0.80"));
    foreground(bench, &ours, &mut pushes, &mut report)?;
    consistency(bench, &ours, &mut pushes, &mut report)?;
    Ok(report)
}

/// One way over the whole fleet.
#[derive(Clone, Copy)]
struct Moved {
    per_second: f64,
    /// Per database.
    cpu_us: f64,
}

impl Moved {
    fn of(bench: &Bench, elapsed: Duration, cpu: Duration) -> Self {
        let fleet = f64::from(bench.fleet);
        Self { per_second: fleet / elapsed.as_secs_f64(), cpu_us: cpu.as_secs_f64() * 1e6 / fleet }
    }
}

/// The name of a database of the fleet.
fn tenant(number: u64) -> String {
    format!("tenant-{number}")
}

/// The databases of the fleet, a project and a few tasks in each.
fn create_fleet(bench: &Bench, ours: &Atomicbase) -> Result<()> {
    ours.create_template()?;
    create_databases::load(bench, ours, bench.connections, bench.fleet.into(), "tenant").run()?;
    let projects = json!({"data": &saas::projects_json()[..10]}).to_string();
    let tasks = json!({"data": (0..ROWS).map(saas::task_json).collect::<Vec<_>>()}).to_string();
    for (table, body) in [("projects", projects), ("tasks", tasks)] {
        let requests = Arc::new(move |number: u64, out: &mut Vec<u8>| {
            query(&tenant(number), table, "insert").write(body.as_bytes(), out);
        });
        let (address, connections) = (ours.server.address, bench.connections);
        let until = Until::Requests(bench.fleet.into());
        Load { address, connections, until, per_second: None, requests }.run()?;
    }
    Ok(())
}

/// Pushes the template with one more column and index, and waits for the end of its job.
fn push(ours: &Atomicbase, pushes: u32) -> Result<Duration> {
    let (mut client, start) = (ours.client()?, Instant::now());
    let job = start_push(&mut client, pushes)?;
    await_job(&mut client, &job)?;
    Ok(start.elapsed())
}

fn start_push(client: &mut Client, pushes: u32) -> Result<String> {
    let body = json!({"template": saas::template(pushes)});
    let answer = client.json("POST", "/platform/templates/saas-app/push", &[], &body)?;
    Ok(answer["job_id"].as_str().ok_or_else(|| format!("no job: {answer}"))?.to_owned())
}

fn await_job(client: &mut Client, job: &str) -> Result<()> {
    loop {
        let job = client.json("GET", &format!("/platform/jobs/{job}"), &[], &serde_json::Value::Null)?;
        match job["status"].as_str() {
            Some("completed") => return Ok(()),
            Some("pending" | "running") => std::thread::sleep(Duration::from_millis(5)),
            _ => return Err(format!("the push did not complete: {job}").into()),
        }
    }
}

/// The same change without a server, on copies: per database open, one transaction, close.
fn migrate_bare(bench: &Bench, data: &Path, threads: usize, push: u32) -> Result<Moved> {
    let copies = bench.scratch()?;
    let files = copy_tenants(data, copies.path())?;
    if files.len() != usize::try_from(bench.fleet)? {
        return Err(format!("{} tenant files for {} databases", files.len(), bench.fleet).into());
    }
    let sql = format!(
        r#"BEGIN IMMEDIATE; ALTER TABLE "tasks" ADD COLUMN "extra_{push}" TEXT;
           CREATE INDEX "idx_extra_{push}" ON "tasks" ("extra_{push}"); PRAGMA user_version = {push}; COMMIT;"#
    );
    let (next, start, before) = (AtomicUsize::new(0), Instant::now(), cpu_of("self")?);
    let worker = || -> rusqlite::Result<()> {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            floor::open(file)?.execute_batch(&sql)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|it| it.join().map_err(|_| "a worker panicked")?.map_err(Into::into))
    })
    .map_err(|error: Box<dyn std::error::Error>| format!("bare loop: {error}"))?;
    Ok(Moved::of(bench, start.elapsed(), cpu_of("self")? - before))
}

/// Copies each tenant's file, with the log that belongs to it. The server must be stopped.
fn copy_tenants(data: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut copies) = (vec![data.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if file.is_dir() {
                folders.push(file);
            } else if name.starts_with("db_") && name.ends_with(".db") {
                std::fs::copy(&file, to.join(&name))?;
                let log = file.with_file_name(format!("{name}-wal"));
                if log.exists() {
                    std::fs::copy(&log, to.join(format!("{name}-wal")))?;
                }
                copies.push(to.join(name));
            }
        }
    }
    Ok(copies)
}

/// The latency of other requests while nothing is pushed, and during a push.
fn foreground(bench: &Bench, ours: &Atomicbase, pushes: &mut u32, report: &mut Report) -> Result<()> {
    let fleet = u64::from(bench.fleet);
    let requests = Arc::new(move |number: u64, out: &mut Vec<u8>| {
        let task = saas::task_id(scatter(number) % ROWS);
        let body = format!(r#"{{"where":[{{"id":{{"eq":"{task}"}}}}]}}"#);
        query(&tenant(scatter(number + 1) % fleet), "tasks", "select").write(body.as_bytes(), out);
    });
    let quiet = Load {
        address: ours.server.address,
        connections: FOREGROUND_CONNECTIONS,
        until: Until::Elapsed(bench.window),
        per_second: Some(FOREGROUND_PER_SECOND),
        requests,
    };
    let (mut before, mut during) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        before.push(quiet.run()?.percentile_ms(0.99));
        let stop = Arc::new(AtomicBool::new(false));
        let busy = Load { until: Until::Stopped(stop.clone()), ..quiet.clone() };
        *pushes += 1;
        let (pushed, answered) = std::thread::scope(|scope| {
            let load = scope.spawn(move || busy.run().map_err(|error| error.to_string()));
            let pushed = push(ours, *pushes);
            stop.store(true, Ordering::Relaxed);
            (pushed, load.join())
        });
        pushed?;
        during.push(answered.map_err(|_| "the load panicked")??.percentile_ms(0.99));
    }
    report.note(format!(
        "Foreground: {FOREGROUND_PER_SECOND} point reads a second over all databases; p99 {:.2} ms quiet, {:.2} ms during a push.",
        median(&before),
        median(&during)
    ));
    let ratios = before.iter().zip(&during).map(|(before, during)| during / before).collect();
    report.ratios.push(Ratio::of("foreground p99, during a push : quiet", ratios, "<= 2"));
    Ok(())
}

/// Asks databases all over the fleet the moment the version is released: each answers at the new one.
fn consistency(bench: &Bench, ours: &Atomicbase, pushes: &mut u32, report: &mut Report) -> Result<()> {
    *pushes += 1;
    let mut client = ours.client()?;
    let job = start_push(&mut client, *pushes)?;
    let version = i64::from(*pushes) + 1;
    while client.json("GET", "/platform/templates/saas-app", &[], &serde_json::Value::Null)?["version"]
        != version
    {
        std::thread::yield_now();
    }
    let (fleet, mut behind, mut latencies) = (u64::from(bench.fleet), 0, Vec::new());
    for number in (0..ASKED).map(|number| fleet - 1 - number * fleet / ASKED) {
        let (start, database) = (Instant::now(), format!("Database: {}", tenant(number)));
        let body = json!({"select": ["id", format!("extra_{pushes}")], "limit": 1}).to_string();
        let reply = client.send("POST", "/data/query/tasks", &[&database], body.as_bytes())?;
        latencies.push(start.elapsed().as_secs_f64() * 1e3);
        let at = reply.header("template-version").and_then(|version| version.parse().ok());
        behind += u32::from(reply.status != 200 || at != Some(version));
    }
    await_job(&mut client, &job)?;
    report.note(format!(
        "First requests after the release: {behind} of {ASKED} databases behind; median {:.2} ms, longest {:.2} ms.",
        median(&latencies),
        latencies.iter().copied().fold(0.0, f64::max)
    ));
    Ok(())
}
