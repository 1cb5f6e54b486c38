//! G6: what scans among its requests cost a tenant's other requests, and what a tenant at full load costs a quiet one.

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Contestant, Ratio, Sample, Series, interleave, median};
use crate::load::{Load, Until, scatter};
use crate::report::Report;
use crate::saas::{self, TASKS};
use crate::{Bench, Result};
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One request of a hundred is a scan, of about this much CPU.
const SCAN_EVERY: u64 = 100;
const SCAN: Duration = Duration::from_millis(50);
/// An ordinary load of one tenant: what half a core serves, its scans included.
const ORDINARY_PER_SECOND: u32 = 1_000;
/// What the quiet tenant asks for.
const QUIET_CONNECTIONS: usize = 8;
const QUIET_PER_SECOND: u32 = 500;
/// Rows of one request of an import.
const IMPORTED: u64 = 500;
/// Clients that ask for ten megabytes and do not read them.
const STALLED: usize = 50;

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let ours = Atomicbase::start_with_rows(bench, &folder.path().join("ours"))?;
    ours.create_database("quiet")?;
    ours.insert_rows("quiet", 1_000)?;
    ours.create_database("imports")?;
    ours.insert_rows("imports", 0)?;
    fill_large(&ours)?;
    let scan = calibrate(&ours)?;
    let mut report = Report::of_requests("G6 fairness", &[]);
    among_scans(bench, &ours, &scan, &mut report)?;
    beside_others(bench, &ours, &scan, &mut report)?;
    Ok(report)
}

/// One tenant: its point reads without and with scans among them, as fast as the answers come and at an ordinary rate.
fn among_scans(bench: &Bench, ours: &Atomicbase, scan: &str, report: &mut Report) -> Result<()> {
    let busy = [reads(bench, ours), reads_and_scans(bench, ours, scan)];
    let ordinary = busy.clone().map(|load| Load { per_second: Some(ORDINARY_PER_SECOND), ..load });
    let rest = |load: &Load| -> Result<Sample> {
        let before = ours.server.cpu()?;
        let answered = load.run()?.only(|number| !is_scan(number));
        Ok(Sample::of(&answered, ours.server.cpu()? - before))
    };
    let series = interleave(
        bench.rounds,
        &mut [
            Contestant { name: "full load, reads", round: Box::new(|_| rest(&busy[0])) },
            Contestant { name: "full load, 1 % scans: the rest", round: Box::new(|_| rest(&busy[1])) },
            Contestant { name: "1,000/s, reads", round: Box::new(|_| rest(&ordinary[0])) },
            Contestant { name: "1,000/s, 1 % scans: the rest", round: Box::new(|_| rest(&ordinary[1])) },
        ],
    )?;
    add(report, &series);
    let [busy, busy_scans, ordinary, ordinary_scans] = &series[..] else { return Err("four".into()) };
    let p99 = |it: &Sample| it.p99_ms;
    report.ratios.push(Ratio::new("p99, 1 % scans : none, full load", busy_scans, busy, p99, "<= 2"));
    let what = "p99, 1 % scans : none, 1,000/s";
    report.ratios.push(Ratio::new(what, ordinary_scans, ordinary, p99, "<= 2"));
    Ok(())
}

/// The quiet tenant alone, and beside a tenant that does its worst.
fn beside_others(bench: &Bench, ours: &Atomicbase, scan: &str, report: &mut Report) -> Result<()> {
    let quiet = quiet(bench, ours);
    let ask = || -> Result<Sample> {
        let before = ours.server.cpu()?;
        let answered = quiet.run()?;
        Ok(Sample::of(&answered, ours.server.cpu()? - before))
    };
    let scan = scan.to_owned();
    let noisy = [
        ("reads", reads(bench, ours)),
        ("lists of 1,000 rows", super::list_rows::load(bench, ours, 1_000)),
        ("imports", imports(bench, ours)),
        (
            "scans",
            ours.load(bench, query("bench", "tasks", "select"), move |_, body| {
                body.extend_from_slice(scan.as_bytes());
            }),
        ),
    ];
    let names: Vec<String> = noisy.iter().map(|(what, _)| format!("quiet beside {what}")).collect();
    let mut contestants = vec![Contestant { name: "quiet tenant, alone", round: Box::new(|_| ask()) }];
    for (name, (_, load)) in names.iter().zip(&noisy) {
        contestants.push(Contestant { name, round: Box::new(|_| beside(load, ask)) });
    }
    contestants.push(Contestant {
        name: "quiet beside 50 stalled readers",
        round: Box::new(|_| {
            let _stalled = stalled(ours)?;
            ask()
        }),
    });
    let series = interleave(bench.rounds, &mut contestants)?;
    drop(contestants);
    add(report, &series);
    for beside in &series[1..] {
        let what = format!("p99, {} : alone", beside.name);
        report.ratios.push(Ratio::new(&what, beside, &series[0], |it| it.p99_ms, "<= 2"));
    }
    report.note(format!(
        "The quiet tenant sends {QUIET_PER_SECOND} point reads a second; the others come as fast as they are answered, \
         over {} connections. All load comes from this machine and takes its share of the cores.",
        bench.connections
    ));
    Ok(())
}

fn add(report: &mut Report, series: &[Series]) {
    let further = Report::of_requests("", &series.iter().collect::<Vec<_>>());
    report.rows.extend(further.rows);
}

/// Measures `ask` while `load` runs beside it.
fn beside(load: &Load, ask: impl FnOnce() -> Result<Sample>) -> Result<Sample> {
    let stop = Arc::new(AtomicBool::new(false));
    let noisy = Load { until: Until::Stopped(stop.clone()), ..load.clone() };
    std::thread::scope(|scope| {
        let load = scope.spawn(move || {
            step_back()?;
            noisy.run().map(drop).map_err(|error| error.to_string())
        });
        let sample = ask();
        stop.store(true, Ordering::Relaxed);
        load.join().map_err(|_| "the load panicked")??;
        sample
    })
}

/// This thread runs when no other wants the core: a noisy client is on another machine, and its own work must not be what slows the
/// server down.
fn step_back() -> std::result::Result<(), String> {
    rustix::process::nice(10).map(drop).map_err(|error| error.to_string())
}

fn is_scan(number: u64) -> bool {
    number.is_multiple_of(SCAN_EVERY)
}

fn reads(bench: &Bench, ours: &Atomicbase) -> Load {
    super::point_read::load(bench, ours)
}

fn reads_and_scans(bench: &Bench, ours: &Atomicbase, scan: &str) -> Load {
    let scan = scan.to_owned();
    ours.load(bench, query("bench", "tasks", "select"), move |number, body| {
        if is_scan(number) {
            return body.extend_from_slice(scan.as_bytes());
        }
        let task = saas::task_id(scatter(number) % TASKS);
        body.extend_from_slice(format!(r#"{{"where":[{{"id":{{"eq":"{task}"}}}}]}}"#).as_bytes());
    })
}

fn quiet(bench: &Bench, ours: &Atomicbase) -> Load {
    let load = ours.load(bench, query("quiet", "tasks", "select"), |number, body| {
        let task = saas::task_id(scatter(number) % 1_000);
        body.extend_from_slice(format!(r#"{{"where":[{{"id":{{"eq":"{task}"}}}}]}}"#).as_bytes());
    });
    Load { connections: QUIET_CONNECTIONS, per_second: Some(QUIET_PER_SECOND), ..load }
}

/// Inserts of many rows each, with keys that no run before has used.
fn imports(bench: &Bench, ours: &Atomicbase) -> Load {
    let next = AtomicU64::new(0);
    ours.load(bench, query("imports", "tasks", "insert"), move |_, body| {
        let first = next.fetch_add(IMPORTED, Ordering::Relaxed);
        let rows: Vec<_> = (first..first + IMPORTED).map(saas::task_json).collect();
        // Writing into memory cannot fail.
        let _ = serde_json::to_writer(body, &json!({ "data": rows }));
    })
}

/// The body of a request that looks at every row for about [`SCAN`].
fn calibrate(ours: &Atomicbase) -> Result<String> {
    let scan = |conditions: u64| {
        // Every title is less than these: each row is compared with all of them and none is answered.
        let any: Vec<_> = (0..conditions).map(|n| json!({"title": {"gt": format!("X{n}")}})).collect();
        json!({ "where": [{ "or": any }] }).to_string()
    };
    let mut client = ours.client()?;
    let mut took = |conditions: u64| -> Result<f64> {
        let mut rounds = Vec::new();
        for _ in 0..5 {
            let start = Instant::now();
            let reply = client.send(
                "POST",
                "/data/query/tasks",
                &["Database: bench"],
                scan(conditions).as_bytes(),
            )?;
            if reply.status != 200 {
                return Err(format!("a scan answered {}", reply.status).into());
            }
            rounds.push(start.elapsed().as_secs_f64());
        }
        Ok(median(&rounds))
    };
    let (few, many) = (took(20)?, took(60)?);
    let each = (many - few) / 40.0;
    let conditions = 20.0 + (SCAN.as_secs_f64() - few) / each;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1 and 400")]
    let conditions = conditions.clamp(1.0, 400.0) as u64;
    Ok(scan(conditions))
}

/// A database with one list of ten megabytes.
fn fill_large(ours: &Atomicbase) -> Result<()> {
    ours.create_database("large")?;
    ours.insert_rows("large", 0)?;
    let (mut client, title) = (ours.client()?, "x".repeat(10_000));
    let headers = ["Database: large", "Prefer: operation=insert"];
    for first in (0..1_000).step_by(50) {
        let row = |number| {
            let mut row = saas::task_json(number);
            row["title"] = title.clone().into();
            row
        };
        let rows: Vec<_> = (first..first + 50).map(row).collect();
        client.json("POST", "/data/query/tasks", &headers, &json!({ "data": rows }))?;
    }
    Ok(())
}

/// Clients that have asked for all of it and do not read.
fn stalled(ours: &Atomicbase) -> Result<Vec<TcpStream>> {
    let (request, mut bytes) = (query("large", "tasks", "select"), Vec::new());
    request.write(br#"{"limit":1000}"#, &mut bytes);
    let ask = |_| {
        let mut stream = TcpStream::connect(ours.server.address)?;
        stream.write_all(&bytes)?;
        Ok(stream)
    };
    (0..STALLED).map(ask).collect()
}
