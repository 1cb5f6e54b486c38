//! G2: the first 20 and the first 1,000 rows by key.

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Contestant, Ratio, interleave, sample, sample_loop};
use crate::load::Load;
use crate::report::Report;
use crate::{Bench, Result, floor, saas, yardstick};

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let echo = yardstick::start(bench)?;
    let ours = Atomicbase::start_with_rows(bench, &folder.path().join("ours"))?;
    let bare = floor::with_rows(&folder.path().join("floor.db"), saas::TASKS)?;
    let (echo_load, mut out, mut out_long) = (yardstick::load(bench, &echo), Vec::new(), Vec::new());
    let (short, long) = (load(bench, &ours, 20), load(bench, &ours, 1000));
    let series = interleave(
        bench.rounds,
        &mut [
            Contestant { name: "axum echo", round: Box::new(|_| sample(&echo, &echo_load)) },
            Contestant { name: "atomicbase, 20 rows", round: Box::new(|_| sample(&ours.server, &short)) },
            Contestant {
                name: "SQLite to JSON, 20 rows",
                round: Box::new(|_| sample_loop(bench.window, |_| floor::read_list(&bare, 20, &mut out))),
            },
            Contestant { name: "atomicbase, 1,000 rows", round: Box::new(|_| sample(&ours.server, &long)) },
            Contestant {
                name: "SQLite to JSON, 1,000 rows",
                round: Box::new(|_| {
                    sample_loop(bench.window, |_| floor::read_list(&bare, 1000, &mut out_long))
                }),
            },
            Contestant {
                name: "SQLite steps, 1,000 rows",
                round: Box::new(|_| sample_loop(bench.window, |_| floor::step_list(&bare, 1000).map(drop))),
            },
        ],
    )?;
    let [echo, short, _, long, to_json, steps] = &series[..] else { return Err("six contestants".into()) };
    let mut report = Report::of_requests("G2 list rows", &series.iter().collect::<Vec<_>>());
    report.ratios.push(Ratio::new("CPU, 20 rows : echo", short, echo, |it| it.cpu_us, "<= 2.3"));
    report.ratios.push(Ratio::new("CPU, 1,000 rows : SQLite to JSON", long, to_json, |it| it.cpu_us, "<= 2"));
    report.ratios.push(Ratio::new("CPU, 1,000 rows : SQLite steps", long, steps, |it| it.cpu_us, ""));
    Ok(report)
}

/// Lists of the first rows by key.
pub fn load(bench: &Bench, ours: &Atomicbase, limit: u32) -> Load {
    let text = format!(r#"{{"limit":{limit}}}"#);
    ours.load(bench, query("bench", "tasks", "select"), move |_, body| {
        body.extend_from_slice(text.as_bytes())
    })
}
