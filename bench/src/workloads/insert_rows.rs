//! G4: inserts that are on disk when they are answered, into one tenant and into 64.
//! The same server on a folder in memory, where a sync costs nothing, is the rate that is not durable.

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Contestant, Ratio, interleave, sample};
use crate::http::Request;
use crate::load::{Load, Requests};
use crate::report::Report;
use crate::{Bench, Result, saas, yardstick};
use std::path::Path;
use std::sync::Arc;

const TENANTS: usize = 64;
/// Numbers apart by this much are never reached by one round's inserts.
const ROUND: u64 = 100_000_000;

pub fn run(bench: &Bench) -> Result<Report> {
    let memory = Path::new("/dev/shm");
    let (folder, in_memory) =
        (bench.scratch()?, memory.is_dir().then(|| tempfile::tempdir_in(memory)).transpose()?);
    let echo = yardstick::start(bench)?;
    let durable = start(bench, folder.path())?;
    let volatile = in_memory.as_ref().map(|folder| start(bench, folder.path())).transpose()?;
    let echo_load = yardstick::load(bench, &echo);
    let mut contestants = vec![
        Contestant { name: "axum echo", round: Box::new(|_| sample(&echo, &echo_load)) },
        Contestant {
            name: "atomicbase, one tenant",
            round: Box::new(|round| sample(&durable.server, &load(bench, &durable, 1, round))),
        },
        Contestant {
            name: "atomicbase, 64 tenants",
            round: Box::new(|round| sample(&durable.server, &load(bench, &durable, TENANTS, round))),
        },
    ];
    if let Some(volatile) = &volatile {
        contestants.push(Contestant {
            name: "64 tenants, not durable",
            round: Box::new(|round| sample(&volatile.server, &load(bench, volatile, TENANTS, round))),
        });
    }
    let series = interleave(bench.rounds, &mut contestants)?;
    drop(contestants);
    let mut report = Report::of_requests("G4 durable insert", &series.iter().collect::<Vec<_>>());
    let [echo, one, many, volatile @ ..] = &series[..] else { return Err("three contestants".into()) };
    report.ratios.push(Ratio::new("per second, one tenant : echo", one, echo, |it| it.per_second, ">= 0.70"));
    report.ratios.push(Ratio::new("CPU, one tenant : echo", one, echo, |it| it.cpu_us, "<= 2"));
    match volatile.first() {
        Some(volatile) => {
            let what = "per second, 64 tenants : not durable";
            report.ratios.push(Ratio::new(what, many, volatile, |it| it.per_second, ">= 0.35"));
        }
        None => report.note("No /dev/shm here: the rate that is not durable was not measured."),
    }
    Ok(report)
}

fn start(bench: &Bench, folder: &Path) -> Result<Atomicbase> {
    let ours = Atomicbase::start(bench, &folder.join("ours"))?;
    ours.create_template()?;
    for tenant in 0..TENANTS {
        ours.create_database(&format!("tenant-{tenant}"))?;
        ours.insert_rows(&format!("tenant-{tenant}"), 0)?;
    }
    Ok(ours)
}

/// Inserts of single rows, spread over the first `tenants` databases; keys new in each round.
fn load(bench: &Bench, ours: &Atomicbase, tenants: usize, round: u32) -> Load {
    let requests: Vec<Request> =
        (0..tenants).map(|tenant| query(&format!("tenant-{tenant}"), "tasks", "insert")).collect();
    let first = ROUND * (u64::from(round) * 2 + u64::from(tenants > 1));
    let requests: Requests = Arc::new(move |number, out| {
        let body = insert_body(first + number);
        // Each database in turn: the remainder is below their count.
        let turn = usize::try_from(number).unwrap_or(0) % requests.len();
        requests[turn].write(body.as_bytes(), out);
    });
    Load { requests, ..ours.load(bench, query("tenant-0", "tasks", "insert"), |_, _| {}) }
}

/// The body that inserts task number `number`.
pub fn insert_body(number: u64) -> String {
    format!(r#"{{"data":{}}}"#, saas::task_json(number))
}
